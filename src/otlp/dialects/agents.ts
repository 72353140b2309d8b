/** Coding agents, which report one call by several signals. */
export type Agent = 'claude-code' | 'codex' | 'gemini-cli' | 'qwen-code';

const SCOPES: readonly (readonly [RegExp, Agent])[] = [
  [/claude_code/, 'claude-code'],
  [/^codex/, 'codex'],
  [/^gemini-cli/, 'gemini-cli'],
  [/^qwen-code/, 'qwen-code'],
];

/** The agent that writes under a scope; null for any other program. */
export function agentOf(scopeName: string): Agent | null {
  return SCOPES.find(([pattern]) => pattern.test(scopeName))?.[1] ?? null;
}

/**
 * What tells the processes of an agent apart: its session. All its users have one service name, and hardly one of them
 * a host or a process id in the resource, so that by the resource alone all would be one process.
 */
export function sessionProcess(agent: Agent, session: string): string {
  return `${agent} ${session}\n`;
}
