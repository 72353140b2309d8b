import type { OtlpLog } from '../../decode/log-export.ts';
import { CLAUDE_CODE_ALIKE_LOGS, CLAUDE_CODE_LOGS } from './claude-code.ts';
import { CLINE_LOGS } from './cline.ts';
import { CODEX_LOGS } from './codex.ts';
import { CONVENTION_LOGS } from './convention.ts';
import { CURSOR_LOGS } from './cursor.ts';
import { GEMINI_CLI_LOGS, GEMINI_FORK_LOGS, QWEN_CODE_LOGS } from './gemini-cli.ts';
import type { LogDialect, LogReading } from './log-dialect.ts';
import { OPENCODE_LOGS } from './opencode.ts';

/** Who writes log records of model calls. Names of events are told apart by their beginnings. */
const LOG_DIALECTS: readonly LogDialect[] = [
  CONVENTION_LOGS,
  CODEX_LOGS,
  GEMINI_CLI_LOGS,
  QWEN_CODE_LOGS,
  OPENCODE_LOGS,
  CLINE_LOGS,
  CURSOR_LOGS,
  CLAUDE_CODE_LOGS,
  GEMINI_FORK_LOGS,
  CLAUDE_CODE_ALIKE_LOGS,
];

/** What agents say about whose a call is and what it was for, kept in its metadata. */
const ABOUT_KEYS: readonly string[] = [
  'prompt.id',
  'prompt_id',
  'query_source',
  'agent.name',
  'agent_id',
  'parent_agent_id',
  'subagent_name',
  'originator',
  'app.version',
  'terminal.type',
  'auth_type',
  'role',
  'attempt',
  'effort',
  'model_reasoning_effort',
  'speed',
  'organization.id',
  'user.account_uuid',
  'user.account_id',
  'installation.id',
];

/** What people put into `OTEL_RESOURCE_ATTRIBUTES`, which agents copy to each record. */
const ABOUT_PREFIX =
  /^(?:team|department|cost_?cent(?:er|re)|project|repo|repository|vcs|organi[sz]ation|business_?unit|env)(?:$|[._])/;

export function isAboutKey(key: string): boolean {
  return ABOUT_KEYS.includes(key) || ABOUT_PREFIX.test(key);
}

/** The attributes of log records that are read beside those of spans. */
export const LOG_KEYS: readonly string[] = [
  ...LOG_DIALECTS.flatMap(({ keys }) => keys),
  ...ABOUT_KEYS,
  'event.name',
  'event.timestamp',
  'event.sequence',
  'conversation.id',
  'user.email',
];

export interface KnownLog {
  readonly dialect: LogDialect;
  readonly reading: LogReading;
}

/** What the first dialect that knows the record says it is; null where none does. */
export function readLog(log: OtlpLog): KnownLog | null {
  for (const dialect of LOG_DIALECTS) {
    const prefix = dialect.prefixes.find((each) => log.eventName.startsWith(each));
    if (prefix === undefined || dialect.isOwn?.(log) === false) continue;
    return { dialect, reading: dialect.read(log, log.eventName.slice(prefix.length)) };
  }
  return null;
}
