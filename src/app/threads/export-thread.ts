import { workerData } from 'node:worker_threads';
import { packRecords } from '../../ingestion-api/packed-records.ts';
import { explainAsJson, type SentExport, translateExport } from '../../ingestion-api/translate-export.ts';
import { createKeyTable } from '../../otlp/dialects/wanted-keys.ts';
import { type AttributeNames, DimensionFinder } from '../../otlp/to-events/tenant-and-route.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';

/** Large exports, decoded where they hold up nobody; see `large-exports.ts`. */
const names = workerData as AttributeNames;
const dimensions = new DimensionFinder(names);
// Calls of earlier exports are known to the main thread only: so large an export stands alone.
const context = { keys: createKeyTable(names), dimensions, recent: null };

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
