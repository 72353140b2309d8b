import type { Charge, TheirUsage } from '../../reconciliation/question.ts';
import type { Part } from '../../reconciliation/tokens.ts';
import { partsOf, picoUsdOf } from './provider-report.ts';

/** A line of a bill of AWS: from a Cost and Usage Report, or a group of the Cost Explorer. */
export interface AwsLine {
  readonly startMs: number;
  readonly endMs: number;
  /** `Amazon Bedrock`, or the name of a model as the Marketplace sells it. */
  readonly service: string;
  /** `USE1-Claude4.6Sonnet-cache-read-input-token-count` */
  readonly usageType: string;
  readonly quantity: unknown;
  /** `1K tokens`, `1M tokens`, `Units`, or nothing. */
  readonly unit: string;
  readonly costUsd: unknown;
  readonly account: string;
}

/** The list price of a token, by which the unit of a quantity is found where the line does not say it. */
export type ListRate = (model: string, part: Part, tier: string, atMs: number) => number | null;

export interface BedrockBill {
  readonly usage: TheirUsage[];
  readonly charges: Charge[];
  /** Usage types whose unit nobody says. */
  readonly unclear: ReadonlySet<string>;
}

/** Cuts lines of Bedrock into usage by model, tier and part, and charges. Lines of other services are left out. */
export function bedrockBill(
  lines: readonly AwsLine[],
  by: { readonly modelOf: (name: string) => string; readonly rateOf: ListRate; readonly isByAccount: boolean },
): BedrockBill {
  const usage: TheirUsage[] = [];
  const charges: Charge[] = [];
  const unclear = new Set<string>();
  for (const line of lines) {
    if (!/bedrock/i.test(`${line.service} ${line.usageType}`)) continue;
    const picoUsd = picoUsdOf(line.costUsd) ?? 0n;
    const { part, tier, name } = wordsOf(line);
    const key = by.isByAccount ? line.account : null;
    const base = { startMs: line.startMs, endMs: line.endMs, key, picoUsd, label: line.usageType };
    if (part === null || name === '') {
      charges.push({ ...base, model: null, tier: null, part: null, isForTokens: false });
      continue;
    }
    const model = by.modelOf(name);
    const list = by.rateOf(model, part, tier, line.startMs);
    const tokens = tokensOf(line, picoUsd, list);
    if (tokens === null) unclear.add(line.usageType);
    charges.push({ ...base, model, tier, part, isForTokens: true });
    usage.push({
      startMs: line.startMs,
      key: key ?? '',
      model,
      tier,
      requests: null,
      tokens: partsOf([[part, tokens ?? 0]]),
      isPromptWhole: false,
    });
  }
  return { usage, charges, unclear };
}

const PARTS: readonly (readonly [RegExp, Part])[] = [
  [/cache-?read/i, 'cache_read'],
  [/cache-?write.*(?:1h|1-hour|hour)/i, 'cache_write_1h'],
  [/cache-?write/i, 'cache_write'],
  [/audio-?input|input-?audio/i, 'input_audio'],
  [/audio-?output|output-?audio/i, 'output_audio'],
  [/input-?token/i, 'input'],
  [/output-?token/i, 'output'],
];

function wordsOf({ service, usageType }: AwsLine) {
  const part = PARTS.find(([pattern]) => pattern.test(usageType))?.[1] ?? null;
  const [, tier = ''] = /\b(batch|flex|priority)\b/i.exec(usageType.replaceAll(/[_:]/g, '-')) ?? [];
  return { part, tier: tier.toLowerCase(), name: nameOf(service, usageType) };
}

/** The model: in the usage type, or for what the Marketplace sells in the name of the service. */
function nameOf(service: string, usageType: string): string {
  const [, ofMarketplace] = /^(.*?)\s*\(amazon bedrock edition\)/i.exec(service) ?? [];
  if (ofMarketplace !== undefined) return ofMarketplace;
  return usageType
    .replace(/^[A-Z]{2,4}\d?-/, '')
    .replace(
      /[-_](?:mantle[-_])?(?:text[-_])?(?:cache[-_]?(?:read|write)[-_]?)?(?:audio[-_]?)?(?:input|output)[-_]?(?:audio[-_]?)?tokens?.*$/i,
      '',
    )
    .replace(/[-_](?:batch|flex|priority|cross[-_]region|global|custom[-_]model).*$/i, '');
}

const UNITS: readonly (readonly [RegExp, number])[] = [
  [/1\s*m|million/i, 1_000_000],
  [/1\s*k|thousand/i, 1_000],
  [/^tokens?$/i, 1],
];

/** By the unit; else that which makes a token cost about what the list says. Null where neither tells. */
function tokensOf({ unit, quantity }: AwsLine, picoUsd: bigint, list: number | null): number | null {
  const count = Number(quantity);
  if (!Number.isFinite(count)) return null;
  const said = UNITS.find(([pattern]) => pattern.test(unit));
  if (said !== undefined) return Math.round(count * said[1]);
  if (count === 0) return 0;
  if (list === null || list === 0 || picoUsd === 0n) return null;
  const wanted = Number(picoUsd) / count / list;
  const best = [1, 1_000, 1_000_000].toSorted((a, b) => distance(a, wanted) - distance(b, wanted))[0] ?? 1;
  return Math.round(count * best);
}

const distance = (a: number, b: number): number => Math.abs(Math.log(a / b));

/**
 * The same for all names of a model of Bedrock (`USE1-Claude4.6Sonnet`, `anthropic.claude-sonnet-4-6-20260101-v1:0`,
 * `Claude Sonnet 4.6`): its words and numbers, in any order.
 */
export function bedrockFamily(name: string): string {
  const words = name
    .toLowerCase()
    .replace(/^arn:.*\//, '')
    .replace(
      /^(?:(?:us|us-gov|eu|apac|ap|au|ca|in|jp|sa|global)\.)?(?:amazon|anthropic|meta|mistral|cohere|deepseek|openai|qwen|ai21|writer)\./,
      '',
    )
    .replace(/-v\d+(?::\d+)*(?::\d+k)?$/, '')
    .replace(/-20\d{6}(?=$|-)/, '')
    .match(/[a-z]+|\d+/g);
  return (words ?? [name]).toSorted().join(' ');
}
