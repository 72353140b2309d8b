import type { SqliteConnection } from '../../sqlite/sqlite-connection.ts';
import {
  decodeProcessorSettings,
  encodeProcessorSettings,
  PROCESSOR_KEPT_MS,
  type RunningProcessor,
} from '../processors.ts';

const UPSERT = `
  INSERT INTO processors VALUES (?1, ?2, ?3, ?4)
  ON CONFLICT (processor_id) DO UPDATE SET place = ?2, seen_at_ms = ?3, settings = ?4`;
const FORGET_OLD = 'DELETE FROM processors WHERE seen_at_ms < ?';
const FORGET = 'DELETE FROM processors WHERE processor_id = ?';
const SELECT = 'SELECT processor_id, place, seen_at_ms, settings FROM processors ORDER BY place, processor_id';

export function tellProcessor(connection: SqliteConnection, { id, place, seenAtMs, settings }: RunningProcessor): void {
  connection.run(UPSERT, id, place, seenAtMs, encodeProcessorSettings(settings));
  connection.run(FORGET_OLD, seenAtMs - PROCESSOR_KEPT_MS);
}

export function forgetProcessor(connection: SqliteConnection, id: string): void {
  connection.run(FORGET, id);
}

export function readProcessors(connection: SqliteConnection): readonly RunningProcessor[] {
  return Array.from(connection.rows(SELECT), ([id, place, seenAtMs, settings]) => ({
    id: String(id),
    place: String(place),
    seenAtMs: Number(seenAtMs),
    settings: decodeProcessorSettings(String(settings)),
  }));
}
