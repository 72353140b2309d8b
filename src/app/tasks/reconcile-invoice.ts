import { randomUUID } from 'node:crypto';
import { basename } from 'node:path';
import { bedrockBill, bedrockFamily } from '../../commands/reconcile/bedrock-lines.ts';
import type { FetchOptions } from '../../commands/reconcile/fetch-json.ts';
import { DAY_MS } from '../../commands/reconcile/provider-report.ts';
import type { MetricsReader } from '../../metrics-store/metrics-reader.ts';
import type { PriceBook, Rates } from '../../prices/price-book.ts';
import { listName } from '../../prices/price-list.ts';
import { providerId } from '../../prices/provider-name.ts';
import { serviceTierOf } from '../../prices/service-tier.ts';
import type { Charge, PriceLookup, TheirUsage } from '../../reconciliation/question.ts';
import { reconcile } from '../../reconciliation/reconcile.ts';
import { type ReconciliationJson, reconciliationJson } from '../../reconciliation/report-json.ts';
import { tokensOf } from '../../reconciliation/tokens.ts';
import { SettingError } from '../../settings/read-settings.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { readPriceList } from '../open/open-price-list.ts';
import { openPrices } from '../open/open-prices.ts';
import { openStore } from '../open/open-store.ts';
import { modelFamily } from './model-family.ts';
import { readOurSide } from './our-usage.ts';
import { type Answer, readReport } from './read-provider-report.ts';
import { requireStore } from './recompute-prices.ts';
import type { ReconcileRequest } from './reconcile-request.ts';

/** Asks the provider, or reads its files, and sets what it says beside what is stored. Changes no figure. */
export async function reconcileInvoice(
  settings: SettingsOf<'reconcile'>,
  request: ReconcileRequest,
  options: FetchOptions,
): Promise<ReconciliationJson> {
  requireStore(settings);
  const store = await openStore({ ...settings, migrate: false }, request.isSaved ? 'write' : 'read');
  try {
    const report = await reportOf({ settings, request, store }, options);
    if (!request.isSaved) return report;
    const saved = { ...report, id: randomUUID() };
    const { tenantId } = request;
    await store.saveReconciliation({
      id: saved.id,
      madeAtMs: Date.parse(report.made_at),
      tenantId,
      report: JSON.stringify(saved),
    });
    return saved;
  } finally {
    await store.close();
  }
}

interface ReportPorts {
  readonly settings: SettingsOf<'reconcile'>;
  readonly request: ReconcileRequest;
  readonly store: MetricsReader;
}

async function reportOf({ settings, request, store }: ReportPorts, options: FetchOptions): Promise<ReconciliationJson> {
  const madeAtMs = request.nowMs();
  const book = await (await openPrices(settings))();
  const list = listName(await readPriceList(settings));
  const answer = await readReport(settings, request, options);
  const provider = answer.provider ?? request.provider;
  if (provider === null) {
    throw new SettingError(
      '--provider must say whose bill it is, as price lists name it: openai, anthropic, google, …',
    );
  }
  const bucketMs = Math.max(request.bucketMs, answer.bucketMs ?? 0);
  checkRange(request, bucketMs);
  const prices = lookupOf(book, provider, provider === 'aws' ? bedrockFamily : modelFamily);
  const ours = await readOurSide(store, {
    ...request,
    book,
    isTheirs: ({ provider: name, model }) => isOf(provider, { name, model, prices }),
  });
  const theirs = completed(answer, { ours: ours.usage.map(({ model }) => model), prices, bucketMs, request });
  const { fromMs, toMs } = request;
  const result = reconcile({
    fromMs,
    toMs,
    bucketMs,
    theirs: theirs.usage,
    charges: theirs.charges,
    ours: ours.usage,
    calls: ours.calls,
    areCallsWhole: ours.areCallsWhole,
    areKeysKnown: request.keys.by !== 'none',
    mayDaysBeLocal: answer.mayDaysBeLocal,
    prices,
  });
  const priceList = settings.pricesFile === undefined ? list : `${settings.pricesFile} and ${list}`;
  const source =
    'provider' in request.source
      ? request.source.provider
      : request.source.files.map((path) => basename(path)).join(', ');
  const notes = [...answer.notes, ...theirs.notes, ...ours.notes];
  return reconciliationJson(result, { ...request, source, provider, bucketMs, priceList, madeAtMs, notes });
}

/** @throws {SettingError} where a bucket would be cut */
function checkRange({ fromMs, toMs }: ReconcileRequest, bucketMs: number): void {
  if (fromMs % bucketMs === 0 && toMs % bucketMs === 0) return;
  const unit = bucketMs === DAY_MS ? 'days in UTC' : bucketMs === 3_600_000 ? 'hours' : 'minutes';
  throw new SettingError(`--from and --to must be whole ${unit}, as the report has them`);
}

function lookupOf(book: PriceBook, provider: string, familyOf: (model: string) => string): PriceLookup {
  const families = new Map<string, string>();
  return {
    familyOf: (model) => {
      let family = families.get(model);
      if (family === undefined) families.set(model, (family = familyOf(model)));
      return family;
    },
    ratesOf: ({ model, tier, atMs, bandFromTokens }) => {
      const query = { provider, model, atMs, promptTokens: bandFromTokens, serviceTier: serviceTierOf(tier) };
      const price = book.priceOf(query);
      return price === null ? null : ratesByPart(price.rates);
    },
  };
}

function ratesByPart(rates: Rates): number[] {
  return tokensOf({
    input: rates.input,
    cache_read: rates.cacheRead,
    cache_write: rates.cacheWrite,
    cache_write_1h: rates.cacheWrite1h,
    input_audio: rates.inputAudio,
    cache_read_audio: rates.cacheReadAudio,
    input_image: rates.inputImage,
    output: rates.output,
    output_audio: rates.outputAudio,
    output_image: rates.outputImage,
  });
}

/** Calls that name no provider are the provider's whose list has their model. */
function isOf(
  provider: string,
  { name, model, prices }: { name: string; model: string; prices: PriceLookup },
): boolean {
  const id = providerId(name);
  if (id !== '') return id === provider;
  return prices.ratesOf({ model, tier: '', atMs: Number.MAX_SAFE_INTEGER, bandFromTokens: 0 }) !== null;
}

/** In the buckets that are compared, with the lines of AWS read by the prices. */
function completed(
  answer: Answer,
  {
    ours,
    prices,
    bucketMs,
    request,
  }: { ours: readonly string[]; prices: PriceLookup; bucketMs: number; request: ReconcileRequest },
): { readonly usage: TheirUsage[]; readonly charges: Charge[] | null; readonly notes: readonly string[] } {
  const byFamily = new Map(ours.map((model) => [prices.familyOf(model), model]));
  const bill = bedrockBill(answer.awsLines, {
    modelOf: (name) => byFamily.get(bedrockFamily(name)) ?? name,
    rateOf: (model, part, tier, atMs) => {
      const index = tokensOf({ [part]: 1 }).indexOf(1);
      return prices.ratesOf({ model, tier, atMs, bandFromTokens: 0 })?.[index] ?? null;
    },
    isByAccount: request.keys.by !== 'none',
  });
  const bucketOf = (atMs: number) => Math.floor(atMs / bucketMs) * bucketMs;
  const isInside = ({ startMs }: { readonly startMs: number }) => startMs >= request.fromMs && startMs < request.toMs;
  const usage = [...answer.usage, ...bill.usage]
    .map((row) => ({ ...row, startMs: bucketOf(row.startMs) }))
    .filter(isInside);
  const charges = [...(answer.charges ?? []), ...bill.charges].map((charge) => ({
    ...charge,
    startMs: bucketOf(charge.startMs),
    endMs: Math.max(charge.endMs, bucketOf(charge.startMs) + bucketMs),
  }));
  const whole = charges.filter(({ startMs, endMs }) => startMs >= request.fromMs && endMs <= request.toMs);
  const areCut = charges.some(
    ({ startMs, endMs }) =>
      startMs < request.toMs && endMs > request.fromMs && (startMs < request.fromMs || endMs > request.toMs),
  );
  const notes = [
    ...(areCut
      ? [
          'Charges are by whole days in UTC: those of days that the range cuts are left out, and tokens are valued at our prices.',
        ]
      : []),
    ...(bill.unclear.size > 0
      ? [`The unit of these lines is not known, so their tokens are not: ${[...bill.unclear].join(', ')}`]
      : []),
  ];
  return { usage, charges: answer.charges === null || areCut ? null : whole, notes };
}
