import { basename, dirname, join } from 'node:path';
import { readClaudeCodeSession } from './claude-code-sessions.ts';
import { readCodexSession } from './codex-sessions.ts';
import { BEDROCK, ENVOY_AI_GATEWAY, LANGFUSE, LITELLM, OPENROUTER } from './exports/gateways.ts';
import { type Mapping, NO_MAPPING } from './exports/mapping.ts';
import { readExport } from './exports/read-export.ts';
import { readGeminiSession } from './gemini-sessions.ts';
import { readOpenCode } from './opencode-sessions.ts';
import { readQwenSession } from './qwen-sessions.ts';
import type { SessionContent } from './session-call.ts';
import { linesOf } from './session-files.ts';

/** What the environment says about where an agent keeps its files. */
export interface Places {
  readonly home: string;
  readonly env: {
    readonly CLAUDE_CONFIG_DIR?: string;
    readonly XDG_CONFIG_HOME?: string;
    readonly CODEX_HOME?: string;
    readonly GEMINI_CLI_HOME?: string;
    readonly QWEN_HOME?: string;
    readonly QWEN_RUNTIME_DIR?: string;
    readonly XDG_DATA_HOME?: string;
  };
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
  /**
   * @param mapping of the rows of an export, where the source is one
   * @throws where it cannot be read
   */
  read(path: string, mapping: Mapping): SessionContent;
  /** How rows are read; absent for files of sessions. */
  readonly mapping?: Mapping;
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
    read: (path) => readClaudeCodeSession(linesOf(path)),
    matchedBy: 'request_id',
  },
  {
    name: 'codex',
    title: 'Codex',
    route: 'codex',
    folders: ({ home, env }) => {
      const root = env.CODEX_HOME || join(home, '.codex');
      return [join(root, 'sessions'), join(root, 'archived_sessions')];
    },
    isSession: (path) => /rollout-[^/\\]*\.jsonl$/.test(path),
    read: (path) => readCodexSession(linesOf(path)),
    matchedBy: 'id',
  },
  {
    name: 'gemini',
    title: 'Gemini CLI',
    route: 'gemini-cli',
    folders: ({ home, env }) => [join(env.GEMINI_CLI_HOME || home, '.gemini', 'tmp')],
    isSession: (path) => /[/\\]chats[/\\].*\.jsonl?$/.test(path),
    read: (path) => readGeminiSession(linesOf(path), basename(dirname(path))),
    matchedBy: 'id',
  },
  {
    name: 'qwen',
    title: 'Qwen Code',
    route: 'qwen-code',
    folders: ({ home, env }) => [join(env.QWEN_RUNTIME_DIR || env.QWEN_HOME || join(home, '.qwen'), 'projects')],
    isSession: (path) => /[/\\]chats[/\\][^/\\]+\.jsonl$/.test(path),
    read: (path) => readQwenSession(linesOf(path)),
    matchedBy: 'response_id',
  },
  {
    name: 'opencode',
    title: 'OpenCode',
    route: 'opencode',
    folders: ({ home, env }) => [join(env.XDG_DATA_HOME || join(home, '.local', 'share'), 'opencode')],
    isSession: (path) =>
      /[/\\]opencode(?:-[^/\\]+)?\.db$|[/\\]storage[/\\]message[/\\][^/\\]+[/\\][^/\\]+\.json$/.test(path),
    read: readOpenCode,
    matchedBy: 'id',
  },
  gateway({ name: 'litellm', title: 'LiteLLM', mapping: LITELLM }),
  gateway({ name: 'envoy-ai-gateway', title: 'Envoy AI Gateway', mapping: ENVOY_AI_GATEWAY }),
  gateway({ name: 'bedrock', title: 'Amazon Bedrock', mapping: BEDROCK }),
  gateway({ name: 'openrouter', title: 'OpenRouter', mapping: OPENROUTER }),
  gateway({ name: 'langfuse', title: 'Langfuse', mapping: LANGFUSE }),
  gateway({ name: 'file', title: 'File', mapping: NO_MAPPING }),
];

function gateway({ name, title, mapping }: { name: string; title: string; mapping: Mapping }): Source {
  return {
    name,
    title,
    mapping,
    route: name,
    folders: () => [],
    isSession: (path) => /\.(?:csv|tsv|json|jsonl|ndjson|log|txt)(?:\.gz)?$/i.test(path),
    read: (path, rows) => readExport(path, rows, name),
    matchedBy: 'id',
  };
}
