import type { MeterPart } from '../../../events/meter-part.ts';
import { ownValue } from '../../../events/own-value.ts';
import type { OtlpPoint } from '../../decode/metric-export.ts';
import { isNoCallWord } from '../classification.ts';
import { textFrom } from '../read-value.ts';
import { type MetricDialect, meter, noMeter, type PointReading, repeats } from './metric-dialect.ts';

/** By the convention the parts lie inside the wholes. */
const PART_OF_WORD: Readonly<Record<string, MeterPart>> = {
  input: 'prompt',
  prompt: 'prompt',
  output: 'completion',
  completion: 'completion',
  cached: 'cached',
  cache_read: 'cached',
  cached_input: 'cached',
  cache_read_input: 'cached',
  input_cached: 'cached',
  cache_write: 'cache_write',
  cache_creation: 'cache_write',
  cache_write_input: 'cache_write',
  cache_creation_input: 'cache_write',
  reasoning: 'reasoning',
  reasoning_output: 'reasoning',
  output_reasoning: 'reasoning',
  thinking: 'reasoning',
};

/** Up to 1.41, and most emitters still: one histogram, and an attribute that says which tokens. */
const CLIENT_TOKENS: MetricDialect = {
  agent: null,
  names: ['gen_ai.client.token.usage'],
  precedence: 3,
  read(point, { name }) {
    const around = aroundCalls(point);
    if (around !== null) return around;
    const kind = textFrom(point.attributes.get('gen_ai.token.type')) ?? textFrom(point.attributes.get('token.type'));
    const word = (kind ?? '')
      .toLowerCase()
      .replaceAll(/[^a-z]+/g, '_')
      .replace(/_tokens?$/, '');
    if (word === 'total') return repeats('the total repeats the others');
    const part = ownValue(PART_OF_WORD, word);
    if (part === undefined) return noMeter(`a kind of tokens that is not known of ${name}`);
    return meter(part, `${name} by gen_ai.token.type`);
  },
};

/** What comes after 1.41: a name for each part, as counters of all calls and as histograms of each. */
const PART_OF_NAME: Readonly<Record<string, MeterPart>> = {
  input_tokens: 'prompt',
  output_tokens: 'completion',
  'cache_read.input_tokens': 'cached',
  'cache_write.input_tokens': 'cache_write',
  'cache_creation.input_tokens': 'cache_write',
  'reasoning.output_tokens': 'reasoning',
};

function namedParts(prefix: string, precedence: number, parts: Readonly<Record<string, MeterPart>>): MetricDialect {
  return {
    agent: null,
    names: Object.keys(parts).map((name) => prefix + name),
    precedence,
    read: (point, { name }) => {
      const part = ownValue(parts, name.slice(prefix.length));
      return aroundCalls(point) ?? (part === undefined ? noMeter(name) : meter(part, name));
    },
  };
}

/** A point of an agent or a workflow repeats what the calls below it say. */
function aroundCalls({ attributes }: OtlpPoint): PointReading | null {
  const operation = textFrom(attributes.get('gen_ai.operation.name'));
  if (operation === null || !isNoCallWord(operation)) return null;
  return repeats(`the operation ${operation} repeats the tokens of the calls below it`);
}

export const CONVENTION_METRICS: readonly MetricDialect[] = [
  namedParts('gen_ai.client.inference.usage.', 1, PART_OF_NAME),
  namedParts('gen_ai.client.inference.operation.', 2, PART_OF_NAME),
  CLIENT_TOKENS,
  // LiteLLM.
  namedParts('gen_ai.client.token.', 3, { cost: 'cost' }),
  // OpenLIT, before it had the convention's.
  namedParts('gen_ai.usage.', 4, {
    ...PART_OF_NAME,
    prompt_tokens: 'prompt',
    completion_tokens: 'completion',
    cost: 'cost',
  }),
];
