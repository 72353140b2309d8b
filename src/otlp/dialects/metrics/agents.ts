import type { MeterPart } from '../../../events/meter-part.ts';
import { ownValue } from '../../../events/own-value.ts';
import type { Agent } from '../agents.ts';
import { textFrom } from '../read-value.ts';
import { type MetricDialect, meter, noMeter, repeats } from './metric-dialect.ts';

interface OwnTokens {
  /** Null where its calls are known by the name of the service. */
  readonly agent: Agent | null;
  readonly names: readonly string[];
  /** The attribute that says which tokens these are. */
  readonly key: string;
  /** Null for a kind that repeats the others. */
  readonly parts: Readonly<Record<string, MeterPart | null>>;
}

function ownTokens({ agent, names, key, parts }: OwnTokens): MetricDialect {
  return {
    agent,
    names,
    precedence: 0,
    read({ attributes }, { name }) {
      const kind = textFrom(attributes.get(key)) ?? '';
      const part = ownValue(parts, kind);
      if (part === undefined) return noMeter(`a kind of tokens that is not known of ${name}`);
      return part === null ? repeats(`${key} ${kind} repeats the others`) : meter(part, `${name} by ${key}`);
    },
  };
}

/** The cache stands beside the input, as in Anthropic's API. */
const CLAUDE_CODE_TOKENS = ownTokens({
  agent: 'claude-code',
  names: ['claude_code.token.usage'],
  key: 'type',
  parts: { input: 'prompt', output: 'completion', cacheRead: 'cached_beside', cacheCreation: 'cache_write_beside' },
});

const CLAUDE_CODE_COST: MetricDialect = {
  agent: 'claude-code',
  names: ['claude_code.cost.usage'],
  precedence: 0,
  read: (_, { name }) => meter('cost', name),
};

const OPENCODE_COST: MetricDialect = { ...CLAUDE_CODE_COST, agent: null, names: ['opencode.cost.usage'] };

/** Thoughts and what tools put into the prompt stand beside, as in Gemini's API. */
const GEMINI_CLI_TOKENS = ownTokens({
  agent: 'gemini-cli',
  names: ['gemini_cli.token.usage'],
  key: 'type',
  parts: { input: 'prompt', output: 'completion', cache: 'cached', thought: 'reasoning_beside', tool: 'prompt' },
});

/** As its log records, it has Gemini CLI's names and counts thoughts inside the output. */
const QWEN_CODE_TOKENS = ownTokens({
  agent: 'qwen-code',
  names: ['qwen-code.token.usage', 'qwen_code.token.usage'],
  key: 'type',
  parts: { input: 'prompt', output: 'completion', cache: 'cached', thought: 'reasoning', tool: 'prompt' },
});

/** A histogram of turns: the sum is what they used. */
const CODEX_TOKENS = ownTokens({
  agent: 'codex',
  names: ['codex.turn.token_usage'],
  key: 'token_type',
  parts: {
    input: 'prompt',
    output: 'completion',
    cached_input: 'cached',
    cache_write_input: 'cache_write',
    reasoning_output: 'reasoning',
    total: null,
  },
});

/** Of OpenCode's plugin, whose counts are disjoint. */
const OPENCODE_TOKENS = ownTokens({
  agent: null,
  names: ['opencode.token.usage'],
  key: 'type',
  parts: {
    input: 'prompt',
    output: 'completion',
    reasoning: 'reasoning_beside',
    cacheRead: 'cached_beside',
    cacheCreation: 'cache_write_beside',
  },
});

/** Of Cursor's export for enterprises, whose counts are disjoint. */
const CURSOR_TOKENS = ownTokens({
  agent: null,
  names: ['cursor.token.usage'],
  key: 'cursor.token.type',
  parts: {
    input: 'prompt',
    output: 'completion',
    cache_read: 'cached_beside',
    cache_creation: 'cache_write_beside',
  },
});

const CURSOR_COST: MetricDialect = { ...CLAUDE_CODE_COST, agent: null, names: ['cursor.cost.usage'] };

/** Cline has a counter for each kind of tokens, and a histogram that repeats it. */
const CLINE_PARTS: Readonly<Record<string, MeterPart | null>> = {
  'cline.tokens.input.total': 'prompt',
  'cline.tokens.output.total': 'completion',
  'cline.cache.read.tokens.total': 'cached_beside',
  'cline.cache.write.tokens.total': 'cache_write_beside',
  'cline.cost.total': 'cost',
  'cline.tokens.input.per_response': null,
  'cline.tokens.output.per_response': null,
  'cline.cache.read.tokens.per_event': null,
  'cline.cache.write.tokens.per_event': null,
  'cline.cost.per_event': null,
};

const CLINE_TOKENS: MetricDialect = {
  agent: null,
  names: Object.keys(CLINE_PARTS),
  precedence: 0,
  read(_, { name }) {
    const part = ownValue(CLINE_PARTS, name) ?? null;
    return part === null ? repeats(`${name} repeats the counter`) : meter(part, name);
  },
};

export const AGENT_METRICS: readonly MetricDialect[] = [
  CLAUDE_CODE_TOKENS,
  CLAUDE_CODE_COST,
  CODEX_TOKENS,
  GEMINI_CLI_TOKENS,
  QWEN_CODE_TOKENS,
  OPENCODE_TOKENS,
  OPENCODE_COST,
  CURSOR_TOKENS,
  CURSOR_COST,
  CLINE_TOKENS,
];
