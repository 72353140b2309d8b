import type { SqliteConnection, SqlValue } from '../../sqlite/sqlite-connection.ts';
import type { WindowCodec } from '../../tally/window-codec.ts';
import { foldCallWrites } from '../apply-call.ts';
import { AUDIT_COUNTS } from '../audit.ts';
import type { Call } from '../call.ts';
import { CALL_FIELDS } from '../call-columns.ts';
import type { Commit, CommitOutcome, Positions, Progress } from '../commit.ts';
import { additionsOf, outcomeOf, standingOf } from '../commit-group.ts';
import type { PieceWriter } from '../dimension-piece.ts';
import { EVALUATION_SUMS } from '../evaluation.ts';
import { foldAudits, foldEvaluations } from '../fold-commit.ts';
import { storableText } from '../storable-text.ts';
import * as Sql from './commit-statements.ts';
import { encodeLabels } from './labels.ts';
import type { SqliteDictionary } from './sqlite-dictionary.ts';
import type { SqliteDimensionValues } from './sqlite-dimension-values.ts';
import { addDimensions } from './sqlite-dimensions.ts';
import type { SqliteEvaluationNames } from './sqlite-evaluation-names.ts';
import { addSenderUse } from './sqlite-sender-use.ts';
import { addWindows } from './sqlite-window-rows.ts';
import { int64, int64OrFloat } from './stored-integers.ts';

interface Writer {
  readonly connection: SqliteConnection;
  readonly dictionary: SqliteDictionary;
  readonly evaluationNames: SqliteEvaluationNames;
  readonly dimensionValues: SqliteDimensionValues;
  readonly pieces: PieceWriter;
  readonly codec: WindowCodec;
  readonly areRowsPublished: boolean;
}

/** Runs inside one write transaction. */
export function applyCommits(writer: Writer, commits: readonly Commit[]): readonly CommitOutcome[] {
  const { connection } = writer;
  const standings = commits.map((commit) => standingOf(commit, loadProgress(connection, commit.partition)));
  const next = commits.filter((_, index) => standings[index] === 'next');
  for (const commit of next) saveProgress(connection, commit);
  const added = additionsOf(next);
  addWindows(writer, added);
  addDimensions(writer, added);
  addEvaluations(writer, added.evaluations);
  addAudits(connection, added.audits);
  addSenderUse(writer, added);
  for (const { tenantId, timestampMs, requestId } of added.removedCalls) {
    connection.run(Sql.DELETE_CALL, storableText(tenantId), timestampMs, storableText(requestId));
  }
  writeCalls(writer, added.calls);
  addDeadLetters(connection, added.deadLetters);
  return standings.map(outcomeOf);
}

export function loadProgress(connection: SqliteConnection, partition: number): Progress | null {
  const row = connection.row(`${Sql.SELECT_PROGRESS} WHERE partition = ?`, partition);
  return row === undefined ? null : progressOf(row);
}

/** From the columns of `SELECT_PROGRESS`. */
export function progressOf(row: readonly SqlValue[]): Progress {
  const [, seq, token, positions, completeThroughMs, committedAtMs, checkpoint] = row;
  return {
    seq: Number(seq),
    token: String(token),
    positions: JSON.parse(String(positions)) as Positions,
    completeThroughMs: Number(completeThroughMs),
    committedAtMs: Number(committedAtMs),
    checkpoint: checkpoint as Uint8Array,
  };
}

function saveProgress(connection: SqliteConnection, commit: Commit): void {
  const { partition, expectedSeq, token, positions, completeThroughMs, committedAtMs, checkpoint } = commit;
  const seq = expectedSeq + 1;
  const place = JSON.stringify(positions);
  connection.run(Sql.UPSERT_PROGRESS, partition, seq, token, place, completeThroughMs, committedAtMs, checkpoint);
}

function addEvaluations({ connection, dictionary, evaluationNames }: Writer, deltas: Commit['evaluations']): void {
  const folded = foldEvaluations(deltas, (delta) => {
    const ref = dictionary.resolvePair(delta);
    return { ref, ...evaluationNames.resolve(ref.tenantKey, delta.name) };
  });
  for (const { ref, name, windowStartMs, tally } of folded) {
    const sums = EVALUATION_SUMS.map((field) => tally[field]);
    const labels = encodeLabels(tally.labels);
    connection.run(
      Sql.UPSERT_EVALUATION,
      ref.tenantKey,
      windowStartMs,
      name,
      ref.id,
      ...sums,
      int64OrFloat(tally.scoreMicroSum),
      labels,
    );
  }
}

function addAudits(connection: SqliteConnection, deltas: Commit['audits']): void {
  for (const { tenantId, hourStartMs, counts } of foldAudits(deltas)) {
    const values = AUDIT_COUNTS.map((count) => counts[count]);
    connection.run(Sql.UPSERT_AUDIT, hourStartMs, tenantId, ...values);
  }
}

function writeCalls({ connection, dictionary }: Writer, writes: Commit['calls']): void {
  if (writes.length === 0) return;
  const full = connection.statement(Sql.UPSERT_FULL_CALL);
  const answer = connection.statement(Sql.UPSERT_ANSWER);
  const tenantKeys = new Map<string, number>();
  for (const { kind, call } of foldCallWrites(writes)) {
    let tenantKey = tenantKeys.get(call.tenantId);
    if (tenantKey === undefined) {
      tenantKey = dictionary.openTenant(call.tenantId);
      tenantKeys.set(call.tenantId, tenantKey);
    }
    (kind === 'full' ? full : answer).run(tenantKey, ...callValues(call));
  }
}

function callValues(call: Call): SqlValue[] {
  return CALL_FIELDS.map((field) => {
    const value = call[field];
    return typeof value === 'bigint' ? int64(value) : value;
  });
}

function addDeadLetters(connection: SqliteConnection, letters: Commit['deadLetters']): void {
  for (const { topic, partition, offset, loggedAtMs, reason, detail, tenantId, key, value } of letters) {
    const place = [topic, partition, offset, loggedAtMs];
    connection.run(Sql.INSERT_DEAD_LETTER, ...place, reason, storableText(detail), tenantId, key, value);
  }
}
