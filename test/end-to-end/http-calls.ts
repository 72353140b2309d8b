import { setTimeout as sleep } from 'node:timers/promises';
import { PATIENCE_MS } from './patience.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export type Body = string | Uint8Array<ArrayBuffer>;

const JSON_TYPE = { 'content-type': 'application/json' };

export async function post(url: string, body: Body, headers: Record<string, string> = JSON_TYPE): Promise<Answer> {
  const response = await fetch(url, { method: 'POST', body, headers });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A stream that was not meant would never end. */
const ANSWER_MS_MAX = 60_000;

export async function get(url: string): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS_MAX) });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

export async function getJson<T>(url: string): Promise<T> {
  const { status, text } = await get(url);
  if (status !== 200) throw new Error(`${url} answered ${status}: ${text}`);
  return JSON.parse(text) as T;
}

/** Asks again until `check` gives something; what it gives is returned. @throws when that never comes about */
export async function eventually<T>(what: string, check: () => Promise<T | undefined>): Promise<T> {
  const deadlineMs = Date.now() + PATIENCE_MS;
  for (;;) {
    const value = await check();
    if (value !== undefined) return value;
    if (Date.now() > deadlineMs) throw new Error(`Never came about: ${what}`);
    await sleep(20);
  }
}

export interface KindBooks {
  readonly accepted: number;
  readonly counted: number;
  readonly waiting: number;
  readonly duplicates: number;
  readonly dead_letters: number;
}

export interface Audit {
  readonly balanced: boolean;
  readonly totals: { readonly requests: KindBooks; readonly responses: KindBooks; readonly evaluations: KindBooks };
}

/** The books once so many requests and responses were taken from the log. */
export function auditOf(metricsUrl: string, taken: { requests: number; responses: number }): Promise<Audit> {
  return eventually(`${JSON.stringify(taken)} taken from the log`, async () => {
    const audit = await getJson<Audit>(`${metricsUrl}/v1/audit`);
    const { requests, responses } = audit.totals;
    return requests.accepted >= taken.requests && responses.accepted >= taken.responses ? audit : undefined;
  });
}

/** The value of one sample of Prometheus text. */
export function sample(text: string, name: string): number {
  const line = text.split('\n').find((each) => each.startsWith(`${name} `) || each.startsWith(`${name}{`));
  if (line === undefined) throw new Error(`There is no ${name} among the metrics`);
  return Number(line.slice(line.lastIndexOf(' ') + 1));
}
