import { hash } from 'node:crypto';
import type { Report } from '../reports/report.ts';
import { codexDurations } from './codex-durations.ts';
import type { AttributeList } from './decode/attribute-list.ts';
import type { LogExport, OtlpLog } from './decode/log-export.ts';
import { type Agent, agentOf, agentSessionOf } from './dialects/agents.ts';
import { type Classification, is, operationOf } from './dialects/classification.ts';
import type { CallLog } from './dialects/logs/log-dialect.ts';
import { isAboutKey, type KnownLog, readLog } from './dialects/logs/log-dialects.ts';
import { textFrom } from './dialects/read-value.ts';
import { SpanReader } from './dialects/span-reader.ts';
import { flawOf } from './flaw.ts';
import { agentIdsOf, eventIdsOf, spanOfLog } from './log-span.ts';
import { addAgent, type Mutable, type Rejected, reportOf, type SpansToReportsOptions } from './spans-to-reports.ts';
import { cut } from './to-events/cut-text.ts';
import { isNobody } from './to-events/tenant-and-route.ts';
import { type Uncounted, UncountedSpans } from './uncounted.ts';

/** A log record and what it says; null where it says nothing about calls. */
export interface TranslatedLog {
  readonly log: OtlpLog;
  readonly report: Report | null;
  /** Which rule decided, for the explanation. */
  readonly rule: string;
  /** What it was read as. */
  readonly reader: SpanReader | null;
  readonly flaw: string | null;
}

export interface LogsToReports {
  readonly translated: readonly TranslatedLog[];
  readonly rejected: readonly Rejected[];
  /** What speaks of a model and is no call. */
  readonly uncounted: readonly Uncounted[];
}

/** Says what each log record of an export says, one by one: what belongs together is judged behind the log. Pure. */
export function logsToReports({ logs }: LogExport, options: SpansToReportsOptions): LogsToReports {
  const rejected: Rejected[] = [];
  const uncounted = new UncountedSpans();
  const codexMs = codexDurations(logs);
  const translated = logs.map((log): TranslatedLog => {
    const known = readLog(log);
    if (known === null || known.reading.role === 'none') {
      const rule = known === null ? UNKNOWN : known.reading.rule;
      uncounted.add(log, rule);
      return { log, report: null, rule, reader: null, flaw: null };
    }
    const durationMs = known.reading.durationMs ?? codexMs.get(log) ?? null;
    return translate(log, { dialect: known.dialect, reading: { ...known.reading, durationMs } }, options);
  });
  for (const { log, flaw } of translated) if (flaw !== null) rejected.push({ spanId: log.spanId, reason: flaw });
  return { translated, rejected, uncounted: uncounted.list() };
}

const UNKNOWN = 'no event by which model calls are known';

type CallOf = Pick<KnownLog, 'dialect'> & { readonly reading: CallLog };

function translate(log: OtlpLog, { dialect, reading }: CallOf, options: SpansToReportsOptions): TranslatedLog {
  const agent = dialect.agent ?? agentOf(log);
  const session = agentSessionOf(log.attributes, log.resource);
  const isConvention = dialect.agent === null;
  const ids = agent === null ? eventIdsOf(log, reading.identity) : agentIdsOf(log, agent, { session, isConvention });
  const span = spanOfLog(log, reading, { ids, agent });
  if (agent !== null) addPerson(log, span.attributes, { session, keepUserEmail: options.keepUserEmail === true });
  const reader = new SpanReader(span);
  const { rule } = reading;
  const flaw = flawOf(span);
  if (flaw !== null) return { log, report: null, rule, reader, flaw };
  const report = reportOf(reader, classificationOf(reader, agent, rule), options);
  if (report === null) return { log, report, rule, reader, flaw };
  report.is_log = true;
  if (reading.isException === true) report.is_exception = true;
  if (ids.isTraceless === true) report.is_traceless = true;
  addAgent(report, reader, agent);
  if (agent !== null) {
    const route = report.names?.route ?? report.names?.resource_route ?? agent;
    report.names = { ...report.names, route };
    addAbout(report, log, options.keepUserEmail === true);
  }
  return { log, report, rule, reader, flaw };
}

/**
 * An event of the convention is below its span what LiteLLM's copy is below its call: a call where no other is above.
 */
function classificationOf({ span }: SpanReader, agent: Agent | null, rule: string): Classification {
  const named = textFrom(span.attributes.get('gen_ai.operation.name'));
  const operation = (named === null ? null : operationOf(named)) ?? 'chat';
  return is(agent === null ? 'raw' : 'call', operation, rule);
}

interface Person {
  readonly session: string | null;
  readonly keepUserEmail: boolean;
}

function addPerson({ attributes, resource }: OtlpLog, named: AttributeList, { session, keepUserEmail }: Person): void {
  const text = (key: string): string | null => textFrom(attributes.get(key)) ?? textFrom(resource.attributes.get(key));
  const email = text('user.email');
  const ids = [
    keepUserEmail ? email : null,
    text('user.id'),
    email,
    text('user.account_uuid'),
    text('user.account_id'),
    text('installation.id'),
  ];
  const user = ids.find((id) => id !== null && !isNobody(id)) ?? null;
  if (user !== null) named.set('user.id', keepUserEmail ? user : withoutEmail(user));
  if (session !== null) named.set('session.id', session);
}

/** An e-mail address by its digest, so that it still tells users apart. */
function withoutEmail(text: string): string {
  return /^\S+@\S+$/.test(text.trim()) ? hash('sha256', text.trim().toLowerCase()) : text;
}

const ABOUT_CHARS_MAX = 255;
const ABOUT_COUNT_MAX = 40;

function addAbout(report: Mutable<Report>, log: OtlpLog, keepUserEmail: boolean): void {
  const about = new Map<string, string>();
  for (const { keys, values } of [log.attributes, log.resource.attributes]) {
    for (const [i, key] of keys.entries()) {
      const isWanted = isAboutKey(key) || (keepUserEmail && key === 'user.email');
      const text = isWanted && about.size < ABOUT_COUNT_MAX && !about.has(key) ? textFrom(values[i]) : null;
      if (text !== null) about.set(key, cut(keepUserEmail ? text : withoutEmail(text), ABOUT_CHARS_MAX));
    }
  }
  report.metadata = { ...report.metadata, ...Object.fromEntries(about) };
}
