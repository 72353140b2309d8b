import { costFrom } from './read-value.ts';
import type { SpanReader } from './span-reader.ts';

/** What somebody says that the call cost. Only a `client` reckons; the others charge. */
export interface ReportedCost {
  readonly usd: number;
  readonly by: 'provider' | 'gateway' | 'client';
}

/** Gateways that bill the calls which they pass on, as they name themselves in scopes and providers. */
const GATEWAY = /gateway|openrouter|cloudflare|portkey|helicone|requesty|unify|tensorzero|bifrost|vercel/i;

/** Instrumentations and frameworks, which multiply with a price list of their own. */
const RECKONER =
  /^(?:openlit|litellm|pydantic-ai|logfire|langfuse|langsmith|openinference\.instrumentation|@arizeai|opentelemetry\.instrumentation)/;

/**
 * The cost that stands on a span. What a provider's or gateway's own answer says was charged is theirs; any other cost
 * is the gateway's where the gateway itself wrote the span, and a client's estimate elsewhere. A client that says 0
 * does not know the price.
 */
export function readReportedCost(reader: SpanReader, provider: string | null): ReportedCost | null {
  const charged = chargedUsd(reader);
  const reckoned = reader.number('reckonedUsd') ?? conventionalUsd(reader, 'local') ?? sumOfSides(reader);
  if (charged === null && reckoned === null) return null;
  const scopeName = reader.span.scope.name;
  const isGateway = GATEWAY.test(provider ?? '') || GATEWAY.test(scopeName);
  if (charged !== null) return { usd: charged, by: isGateway || provider === null ? 'gateway' : ofProvider(provider) };
  if (reckoned === null) return null;
  if (isGateway && !RECKONER.test(scopeName)) return { usd: reckoned, by: 'gateway' };
  return reckoned === 0 ? null : { usd: reckoned, by: 'client' };
}

/** What the answer says was charged. By a key of one's own the model's provider bills the call, OpenRouter its fee. */
function chargedUsd(reader: SpanReader): number | null {
  const usd = reader.number('chargedUsd');
  if (usd === null) return conventionalUsd(reader, 'provider');
  const upstream = reader.number('ownKeyUsd');
  if (upstream === null) return usd;
  // The fee is a fraction of what it is for, while else the cost holds what the provider took.
  const isOwnKey = reader.flag('isOwnKey') ?? upstream > usd;
  return isOwnKey ? costFrom(usd + upstream) : usd;
}

/** @param source who knew the amount; where nobody is named, the sender reckoned it */
function conventionalUsd(reader: SpanReader, source: 'provider' | 'local'): number | null {
  const currency = reader.text('costCurrency') ?? 'USD';
  const isOfSource = (reader.text('costSource') === 'provider') === (source === 'provider');
  return isOfSource && currency.toUpperCase() === 'USD' ? reader.number('costAmount') : null;
}

/** The cost of a call whose two sides are told apart, and no whole. */
function sumOfSides(reader: SpanReader): number | null {
  const [input, output] = [reader.number('reckonedInputUsd'), reader.number('reckonedOutputUsd')];
  return input === null || output === null ? null : costFrom(input + output);
}

/** Perplexity and xAI tell in the answer what they charge; of others an answer with a cost passed a gateway. */
function ofProvider(provider: string): ReportedCost['by'] {
  return provider === 'perplexity' || provider === 'x_ai' ? 'provider' : 'gateway';
}
