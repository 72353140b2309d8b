import { readdirSync, readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type { Report } from '../reports/report.ts';
import type { ResolvedCall } from '../reports/resolved-call.ts';
import { reportsIn } from './captured-reports.contract.ts';
import { decodeLogs } from './decode/decode-logs.ts';
import { createKeyTable } from './dialects/wanted-keys.ts';
import { logsToReports } from './logs-to-reports.ts';
import { SHIPPED_ATTRIBUTE_NAMES } from './shipped-attribute-names.contract.ts';
import { DimensionFinder } from './to-events/tenant-and-route.ts';

const FOLDER = new URL('../../test/fixtures/agents/', import.meta.url);

/** A call as the model's server told it; what is absent was not told. */
export interface TrueCall {
  readonly model?: string;
  readonly prompt_tokens?: number;
  readonly cached_prompt_tokens?: number;
  readonly cache_write_tokens?: number;
  readonly completion_tokens?: number;
  readonly reasoning_tokens?: number;
  readonly error: boolean;
}

export interface AgentTruth {
  readonly tenant: string;
  readonly calls: readonly TrueCall[];
}

/** What one coding agent exported, and the calls that it made. */
export interface AgentCapture {
  readonly name: string;
  readonly truth: AgentTruth;
  readonly spans: readonly Report[];
  readonly logs: readonly Report[];
}

const keys = createKeyTable(SHIPPED_ATTRIBUTE_NAMES);
const dimensions = new DimensionFinder(SHIPPED_ATTRIBUTE_NAMES);

export function agentCaptures(): readonly AgentCapture[] {
  const folders = readdirSync(FOLDER, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }): AgentCapture => {
    const files = readdirSync(new URL(`${name}/`, FOLDER));
    const bodies = (signal: string): readonly Buffer[] =>
      files
        .filter((file) => file.endsWith(`-${signal}.json`))
        .map((file) => readFileSync(new URL(`${name}/${file}`, FOLDER)));
    return {
      name,
      truth: JSON.parse(readFileSync(new URL(`${name}/truth.json`, FOLDER), 'utf8')) as AgentTruth,
      spans: bodies('traces').flatMap((body) => reportsIn(body, 'json')),
      logs: bodies('logs').flatMap((body) => logReportsIn(body)),
    };
  });
}

export function logReportsIn(body: Uint8Array, keepUserEmail = false): readonly Report[] {
  const decoded = decodeLogs(body, 'json', keys);
  if (!decoded.ok) throw new Error(decoded.reason);
  const { translated } = logsToReports(decoded.value, { tenantOfKey: null, dimensions, keepUserEmail });
  return translated.flatMap(({ report }) => report ?? []);
}

/** What the truth tells of calls, in the order of the truth's. */
export function toldOf(calls: readonly ResolvedCall[], { calls: truth }: AgentTruth): readonly TrueCall[] {
  const fields = Object.keys(truth[0] ?? {});
  const rankOf = (call: TrueCall): number => truth.findIndex((each) => isDeepStrictEqual(each, call));
  const told = calls.map(({ request, response }) => {
    const all: Readonly<Record<string, unknown>> = {
      ...request,
      completion_tokens: response.completion_tokens ?? null,
      reasoning_tokens: response.reasoning_tokens ?? null,
      error: (response.error ?? null) !== null,
    };
    return Object.fromEntries(fields.map((field) => [field, all[field]])) as unknown as TrueCall;
  });
  return told.toSorted((a, b) => rankOf(a) - rankOf(b));
}
