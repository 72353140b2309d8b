/** One line of an Azure LLM inference trace: when a call came, and its tokens. */
export interface TraceRow {
  /** RFC 3339, with the seven digits of the trace. */
  readonly timestamp: string;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

export const TRACE_HEADER = 'TIMESTAMP,ContextTokens,GeneratedTokens';

const ROW = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d(?:\.\d{1,9})?)(?:\+00:00)?,(\d{1,9}),(\d{1,9})$/;

/** `2023-11-16 18:15:46.6805900,374,44`, in UTC. Null for anything else. */
export function parseTraceRow(line: string): TraceRow | null {
  const [, day, time, contextTokens, generatedTokens] = ROW.exec(line) ?? [];
  if (day === undefined || time === undefined) return null;
  return {
    timestamp: `${day}T${time}Z`,
    contextTokens: Number(contextTokens),
    generatedTokens: Number(generatedTokens),
  };
}
