import { MINUTE, START, type Unnumbered } from '../core-builders.contract.ts';

export const TRACE = 'a'.repeat(32);
export const span = (n: number): string => n.toString(16).padStart(16, '0');

/** A report of one call; `atMinute` is when the log took it. */
export function aReport(atMinute: number, given: Readonly<Record<string, unknown>> = {}): Unnumbered {
  const { facts = {}, ...fields } = given;
  const report = {
    sender: '',
    trace_id: TRACE,
    span_id: span(1),
    kind: 'call',
    scope: 'test',
    process: 'svc\n\n\n1',
    start_ms: START,
    duration_ms: 100,
    ...(fields['kind'] === 'context'
      ? {}
      : { facts: { model: 'm', prompt_tokens: 10, completion_tokens: 5, ...(facts as object) } }),
    ...fields,
  };
  return {
    loggedAtMs: START + atMinute * MINUTE,
    key: Buffer.from('otlp'),
    value: Buffer.from(JSON.stringify(report)),
    senderTenant: null,
  };
}
