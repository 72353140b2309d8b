import type { Attributes, OtlpResource, OtlpScope } from '../decode/trace-export.ts';
import { dimension } from '../to-events/cut-text.ts';
import { textFrom } from './read-value.ts';

/** Coding agents, which report one call by several signals. */
export type Agent = 'claude-code' | 'codex' | 'gemini-cli' | 'qwen-code';

const SCOPES: readonly (readonly [RegExp, Agent])[] = [
  [/claude_code/, 'claude-code'],
  [/^codex/, 'codex'],
  [/^gemini-cli/, 'gemini-cli'],
  [/^qwen-code/, 'qwen-code'],
];

/** Cowork is Claude Code in a box of its own. */
const SERVICES: readonly (readonly [RegExp, Agent])[] = [
  [/^(?:claude-code|cowork)$/, 'claude-code'],
  [/^codex(?:[_-]|$)/, 'codex'],
  [/^gemini-cli$/, 'gemini-cli'],
  [/^qwen-code$/, 'qwen-code'],
];

interface Writer {
  readonly scope: OtlpScope;
  readonly resource: OtlpResource;
}

/**
 * The agent that writes under a scope; null for any other program. Some pipelines lose the scope: then the service is
 * asked, which people may rename.
 */
export function agentOf({ scope, resource }: Writer): Agent | null {
  const [names, text] =
    scope.name === '' ? [SERVICES, textFrom(resource.attributes.get('service.name')) ?? ''] : [SCOPES, scope.name];
  return names.find(([pattern]) => pattern.test(text))?.[1] ?? null;
}

/** The session comes first: a sub-agent of Claude Code is a conversation of its own within it. */
const SESSION_KEYS = ['session.id', 'conversation.id', 'gen_ai.conversation.id'] as const;

/** The session of an agent, as its log records, spans and metrics name it; null where they do not. */
export function agentSessionOf(attributes: Attributes, resource: OtlpResource): string | null {
  for (const key of SESSION_KEYS) {
    const found = textFrom(attributes.get(key)) ?? textFrom(resource.attributes.get(key));
    if (found !== null) return dimension(found);
  }
  return null;
}

/**
 * What tells the processes of an agent apart: its session. All its users have one service name, and hardly one of them
 * a host or a process id in the resource, so that by the resource alone all would be one process.
 */
export function sessionProcess(agent: Agent, session: string): string {
  return `${agent} ${session}\n`;
}
