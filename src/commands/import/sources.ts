import { join } from 'node:path';
import { readClaudeCodeSession } from './claude-code-sessions.ts';
import type { SessionReader } from './session-call.ts';

/** What the environment says about where an agent keeps its files. */
export interface Places {
  readonly home: string;
  readonly env: { readonly CLAUDE_CONFIG_DIR?: string; readonly XDG_CONFIG_HOME?: string };
}

export interface Source {
  readonly name: string;
  /** As a person calls it. */
  readonly title: string;
  /** The route of its calls: as its telemetry names the service. */
  readonly route: string;
  /** Where its files lie, those first that its settings name. */
  folders(places: Places): readonly string[];
  isSession(path: string): boolean;
  readonly read: SessionReader;
  /** What telemetry of the same calls is known by; for the summary. */
  readonly matchedBy: string;
}

export const SOURCES: readonly Source[] = [
  {
    name: 'claude-code',
    title: 'Claude Code',
    route: 'claude-code',
    folders: ({ home, env }) => {
      const named = env.CLAUDE_CONFIG_DIR?.split(',').filter((path) => path !== '');
      const roots = named ?? [
        env.XDG_CONFIG_HOME ? join(env.XDG_CONFIG_HOME, 'claude') : join(home, '.config', 'claude'),
        join(home, '.claude'),
      ];
      return roots.map((root) => join(root, 'projects'));
    },
    isSession: (path) => path.endsWith('.jsonl'),
    read: readClaudeCodeSession,
    matchedBy: 'request_id',
  },
];
