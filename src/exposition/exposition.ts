import type { MetricFamily } from './metric-family.ts';
import { writeProtobuf } from './write-protobuf.ts';
import { writeOpenMetrics, writeText } from './write-text.ts';

interface Format {
  readonly contentType: string;
  readonly write: (families: readonly MetricFamily[]) => string | Uint8Array;
}

const TEXT: Format = { contentType: 'text/plain; version=0.0.4; charset=utf-8', write: writeText };
const OPEN_METRICS: Format = {
  contentType: 'application/openmetrics-text; version=1.0.0; charset=utf-8',
  write: writeOpenMetrics,
};
const PROTOBUF: Format = {
  contentType: 'application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited',
  write: writeProtobuf,
};

/** The format that a scraper prefers by its `Accept`; text where it says nothing that we know. */
export function formatFor(accept: string | undefined): Format {
  let best = TEXT;
  let bestQuality = 0;
  for (const range of (accept ?? '').slice(0, ACCEPT_CHARACTERS_MAX).split(',')) {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const format = formatOf(type, parameters);
    const quality = qualityOf(parameters);
    if (format === null || !(quality > bestQuality)) continue;
    best = format;
    bestQuality = quality;
  }
  return best;
}

const ACCEPT_CHARACTERS_MAX = 1000;

function formatOf(type: string, parameters: readonly string[]): Format | null {
  if (type === 'text/plain') return TEXT;
  if (type === 'application/openmetrics-text') {
    // The first edition, 0.0.1, has the same lines; what it calls itself is another matter.
    const version = parameters.find((parameter) => parameter.startsWith('version='))?.slice('version='.length);
    return version === undefined || version === '1.0.0' ? OPEN_METRICS : null;
  }
  const isDelimited = parameters.includes('encoding=delimited');
  const isFamilies = parameters.includes('proto=io.prometheus.client.metricfamily');
  return type === 'application/vnd.google.protobuf' && isDelimited && isFamilies ? PROTOBUF : null;
}

/** 1 where it is not told, 0 where it is no number. */
function qualityOf(parameters: readonly string[]): number {
  const told = parameters.find((parameter) => parameter.startsWith('q='));
  if (told === undefined) return 1;
  const quality = Number(told.slice(2));
  return quality >= 0 && quality <= 1 ? quality : 0;
}
