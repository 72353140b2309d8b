import {
  decodeProcessorSettings,
  encodeProcessorSettings,
  PROCESSOR_KEPT_MS,
  type RunningProcessor,
} from '../processors.ts';
import type { PostgresConnection } from './postgres-connection.ts';

const UPSERT = `
  WITH forgotten AS (DELETE FROM processors WHERE seen_at_ms < $5 AND processor_id <> $1)
  INSERT INTO processors (processor_id, place, seen_at_ms, settings) VALUES ($1, $2, $3, $4)
  ON CONFLICT (processor_id) DO UPDATE SET place = $2, seen_at_ms = $3, settings = $4`;
const FORGET = 'DELETE FROM processors WHERE processor_id = $1';
const SELECT = 'SELECT processor_id, place, seen_at_ms, settings FROM processors ORDER BY place, processor_id';

export async function tellProcessor(
  connection: PostgresConnection,
  { id, place, seenAtMs, settings }: RunningProcessor,
): Promise<void> {
  const values = [id, place, seenAtMs, encodeProcessorSettings(settings), seenAtMs - PROCESSOR_KEPT_MS];
  await connection.query(UPSERT, values);
}

export async function forgetProcessor(connection: PostgresConnection, id: string): Promise<void> {
  await connection.query(FORGET, [id]);
}

export async function readProcessors(connection: PostgresConnection): Promise<readonly RunningProcessor[]> {
  const rows = await connection.query(SELECT, []);
  return rows.map(([id, place, seenAtMs, settings]) => ({
    id: String(id),
    place: String(place),
    seenAtMs: Number(seenAtMs),
    settings: decodeProcessorSettings(String(settings)),
  }));
}
