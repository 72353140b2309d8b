import { createHash, createHmac } from 'node:crypto';
import type { AwsLine } from './bedrock-lines.ts';
import { type FetchOptions, fetchJson, type JsonRequest } from './fetch-json.ts';
import { DAY_MS, HOUR_MS, type ReportQuestion, textOf } from './provider-report.ts';

/** The Cost Explorer lives in one region, whichever the models run in. */
export const COST_EXPLORER_URL = 'https://ce.us-east-1.amazonaws.com';
const REGION = 'us-east-1';

export interface AwsKeys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string | undefined;
}

/** Asks the Cost Explorer for days or hours, by service and usage type. Each page of it costs 0.01 USD. */
export async function readCostExplorer(
  { keys, baseUrl, nowMs }: { readonly keys: AwsKeys; readonly baseUrl: string; readonly nowMs: () => number },
  { fromMs, toMs, bucketMs, keyBy }: ReportQuestion,
  options: FetchOptions,
): Promise<readonly AwsLine[]> {
  const isHourly = bucketMs === HOUR_MS;
  const instant = (atMs: number) =>
    isHourly ? `${new Date(atMs).toISOString().slice(0, 19)}Z` : new Date(atMs).toISOString().slice(0, 10);
  const lines: AwsLine[] = [];
  let token: string | undefined;
  for (let page = 0; page < PAGES_MAX; page++) {
    const body = JSON.stringify({
      TimePeriod: { Start: instant(fromMs), End: instant(toMs) },
      Granularity: isHourly ? 'HOURLY' : 'DAILY',
      Metrics: ['UnblendedCost', 'UsageQuantity'],
      // Two groups at most: by account the name of the service is given up, which the Marketplace needs.
      GroupBy: [
        { Type: 'DIMENSION', Key: keyBy === 'none' ? 'SERVICE' : 'LINKED_ACCOUNT' },
        { Type: 'DIMENSION', Key: 'USAGE_TYPE' },
      ],
      ...(token === undefined ? {} : { NextPageToken: token }),
    });
    const request = signed({ url: `${baseUrl}/`, body, keys, nowMs: nowMs() });
    const answer = (await fetchJson(request, options)) as CostAnswer | null;
    if (!Array.isArray(answer?.ResultsByTime)) throw new Error(`${baseUrl} answered without "ResultsByTime"`);
    lines.push(...answer.ResultsByTime.flatMap((result) => linesOf(result, { keyBy, bucketMs })));
    token = answer.NextPageToken;
    if (token === undefined || token === '') return lines;
  }
  throw new Error(`The Cost Explorer has more than ${PAGES_MAX} pages; ask for a shorter range`);
}

const PAGES_MAX = 500;

interface CostAnswer {
  readonly NextPageToken?: string;
  readonly ResultsByTime?: readonly CostResult[];
}

interface CostResult {
  readonly TimePeriod?: { readonly Start?: string; readonly End?: string };
  readonly Groups?: readonly {
    readonly Keys?: readonly string[];
    readonly Metrics?: Readonly<Record<string, { readonly Amount?: string; readonly Unit?: string }>>;
  }[];
}

function linesOf(
  { TimePeriod, Groups = [] }: CostResult,
  { keyBy, bucketMs }: Pick<ReportQuestion, 'keyBy' | 'bucketMs'>,
): AwsLine[] {
  const startMs = Date.parse(textOf(TimePeriod?.Start));
  const endMs = Date.parse(textOf(TimePeriod?.End)) || startMs + (bucketMs === HOUR_MS ? HOUR_MS : DAY_MS);
  return Groups.map(({ Keys: [first = '', usageType = ''] = [], Metrics = {} }) => ({
    startMs,
    endMs,
    service: keyBy === 'none' ? first : 'Amazon Bedrock',
    account: keyBy === 'none' ? '' : first,
    usageType,
    quantity: Metrics['UsageQuantity']?.Amount,
    unit: Metrics['UsageQuantity']?.Unit ?? '',
    costUsd: Metrics['UnblendedCost']?.Amount,
  }));
}

interface Unsigned {
  readonly url: string;
  readonly body: string;
  readonly keys: AwsKeys;
  readonly nowMs: number;
}

/** Signature Version 4: a key of the day, the region and the service signs a digest of the request. */
export function signed({ url, body, keys, nowMs }: Unsigned): JsonRequest {
  const time = new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const scope = `${time.slice(0, 8)}/${REGION}/ce/aws4_request`;
  const { host, pathname } = new URL(url);
  const headers: Record<string, string> = {
    'content-type': 'application/x-amz-json-1.1',
    host,
    'x-amz-date': time,
    ...(keys.sessionToken === undefined ? {} : { 'x-amz-security-token': keys.sessionToken }),
    'x-amz-target': 'AWSInsightsIndexService.GetCostAndUsage',
  };
  const names = Object.keys(headers).sort();
  const canonical = [
    'POST',
    pathname,
    '',
    ...names.map((name) => `${name}:${headers[name]}`),
    '',
    names.join(';'),
    sha256(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, sha256(canonical)].join('\n');
  const key = [time.slice(0, 8), REGION, 'ce', 'aws4_request'].reduce<Buffer>(
    (secret, part) => hmac(secret, part),
    Buffer.from(`AWS4${keys.secretAccessKey}`),
  );
  const signature = hmac(key, toSign).toString('hex');
  const { host: _, ...sent } = headers;
  return {
    url,
    body,
    headers: {
      ...sent,
      authorization: `AWS4-HMAC-SHA256 Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`,
    },
  };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
