import { workerData } from 'node:worker_threads';
import type { Correlation } from '../../events/correlation-key.ts';
import { packRecords } from '../../ingestion-api/packed-records.ts';
import { explainAsJson, type SentExport, translateExport } from '../../ingestion-api/translate-export.ts';
import { createFullKeyTable, createKeyTable } from '../../otlp/dialects/wanted-keys.ts';
import { type AttributeNames, DimensionFinder } from '../../otlp/to-events/tenant-and-route.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';

/** Large exports, decoded where they hold up nobody; see `large-otlp-exports.ts`. */
export interface OtlpThreadOptions {
  readonly names: AttributeNames;
  readonly correlation: Correlation;
  readonly keepUserEmail: boolean;
}

const { names, correlation, keepUserEmail } = workerData as OtlpThreadOptions;
const context = {
  keys: createKeyTable(names),
  allKeys: createFullKeyTable(),
  dimensions: new DimensionFinder(names),
  correlation,
  keepUserEmail,
};

serveCalls({
  translate(sent: SentExport) {
    const translated = translateExport(sent, context);
    if (!translated.ok) return translated;
    const { records, ...rest } = translated.value;
    return { ok: true, value: { ...rest, packed: packRecords(records) } };
  },
  explain: (sent: SentExport) => explainAsJson(sent, context),
  stop: () => undefined,
});
