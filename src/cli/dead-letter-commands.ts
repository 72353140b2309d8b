import type { Command as CommanderCommand } from 'commander';
import type { DeadLetter, DeadLetterReason, ListedLetter } from '../app/tasks/dead-letters.ts';
import { INPUT_TOPICS } from '../events/topics.ts';
import { SettingError } from '../settings/read-settings.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { shortText, textTable } from './text-table.ts';

/** By their names, so that none is left out. */
const REASONS = Object.keys({
  no_request: true,
  foreign_tenant: true,
  too_many_pending: true,
  no_call: true,
  key_mismatch: true,
  invalid: true,
} satisfies Record<DeadLetterReason, true>) as readonly DeadLetterReason[];
const LETTERS_MAX = 10_000;
const PREVIEW_CHARACTERS = 60;
/** So many letters are told one by one. */
const SHOWN_MAX = 50;

const REPLAY_HELP = `
Appends the record again to its topic, where that would count it, and says about each letter what it did:

  no_request, foreign_tenant, too_many_pending
                  a response: its request (of its own tenant, where it has one)
                  must lie in the log no longer ago than JOIN_TIMEOUT. Send the
                  request (again) first, then replay. Within DEDUP_HORIZON
                  after the response came, it would be taken as a repetition
                  and is skipped.
  no_call         an evaluation: likewise.
  key_mismatch    is replayed under its request_id as the key; a request only
                  when no call of that id is stored (looked up among the single
                  calls that are kept).
  invalid         only where this version takes what the one before refused.

A letter is replayed once, also by two replays at a time; what was replayed
stays in the list and says when. A response that misses its request all the same
becomes a new dead letter: nothing is counted twice. Give JOIN_TIMEOUT and
DEDUP_HORIZON as the processor has them.
`;

export function addDeadLetterCommands(program: CommanderCommand): void {
  const letters = program.command('dead-letters').description('records that could not be processed');
  const list = letters
    .command('list')
    .description('shows the newest')
    .option('--limit <n>', `how many, up to ${LETTERS_MAX}`, '20')
    .option('--json', 'one JSON object a line, with key and value in full');
  addSettingOptions(list, 'dead-letters').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('dead-letters', options);
    const limit = limitOf(String(options['limit']));
    const { listDeadLetters } = await import('../app/tasks/dead-letters.ts');
    const listed = await listDeadLetters(settings, limit);
    process.stdout.write(options['json'] === true ? listed.map(letterJson).join('') : letterTable(listed));
  });
  const replay = letters
    .command('replay')
    .description('processes dead letters again')
    .option('--all', 'every letter that it makes sense for')
    .option('--reason <reason>', `only letters of this reason: ${REASONS.join(', ')}`)
    .option('--offset <topic/partition/offset>', 'one letter, as list shows it')
    .option('--dry-run', 'only tells what would be done')
    .addHelpText('after', REPLAY_HELP);
  addSettingOptions(replay, 'dead-letters').action(async (options: Record<string, unknown>) => {
    await replayAsAsked(options);
  });
}

async function replayAsAsked(options: Record<string, unknown>): Promise<void> {
  const settings = settingsFrom('dead-letters', options);
  const query = replayQueryOf(options);
  const { replay } = await import('../app/tasks/dead-letters.ts');
  let shown = 0;
  const report = await replay(settings, query, (letter, what) => {
    if (shown++ < SHOWN_MAX) process.stdout.write(`${placeOf(letter)}  ${letter.reason}: ${what}\n`);
  });
  if (report.matched === 0 && query.place !== null) {
    throw new Error(
      `There is no dead letter at ${placeOf(query.place)}; "dead-letters list" shows those that there are`,
    );
  }
  if (shown > SHOWN_MAX) process.stdout.write(`… and ${shown - SHOWN_MAX} more\n`);
  const { matched, replayed, before, skipped } = report;
  const verb = query.isDryRun ? 'would be replayed' : 'replayed';
  process.stdout.write(`${matched} dead letters: ${replayed} ${verb}, ${skipped} skipped, ${before} replayed before\n`);
}

/** @throws {SettingError} for what does not do */
function replayQueryOf(options: Readonly<Record<string, unknown>>) {
  const { all, reason, offset, dryRun } = options as { all?: true; reason?: string; offset?: string; dryRun?: true };
  if (all !== true && reason === undefined && offset === undefined) {
    throw new SettingError('dead-letters replay needs --all, --reason or --offset');
  }
  const known = REASONS.find((each) => each === reason);
  if (reason !== undefined && known === undefined) {
    throw new SettingError(`--reason must be one of ${REASONS.join(', ')}; got ${JSON.stringify(reason)}`);
  }
  return { reason: known ?? null, place: offset === undefined ? null : parsePlace(offset), isDryRun: dryRun === true };
}

function parsePlace(text: string) {
  const [, name, partition, offset] = /^([\w.-]+)\/(\d{1,9})\/(\d{1,15})$/.exec(text) ?? [];
  const topic = INPUT_TOPICS.find((each) => each === name);
  if (topic === undefined) {
    throw new SettingError(`--offset must be a place such as llm.responses/0/42; got ${JSON.stringify(text)}`);
  }
  return { topic, partition: Number(partition), offset: Number(offset) };
}

function limitOf(text: string): number {
  const limit = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (limit >= 1 && limit <= LETTERS_MAX) return limit;
  throw new SettingError(`--limit must be a whole number from 1 to ${LETTERS_MAX}; got ${JSON.stringify(text)}`);
}

function placeOf({ topic, partition, offset }: Pick<DeadLetter, 'topic' | 'partition' | 'offset'>): string {
  return `${topic}/${partition}/${offset}`;
}

function letterTable(listed: readonly ListedLetter[]): string {
  if (listed.length === 0) return 'There are no dead letters\n';
  const rows = listed.map(({ letter, replayedAtMs }) => [
    placeOf(letter),
    new Date(letter.loggedAtMs).toISOString(),
    letter.reason,
    shortText(letter.detail, PREVIEW_CHARACTERS),
    replayedAtMs === null ? '-' : new Date(replayedAtMs).toISOString(),
    preview(letter.key, PREVIEW_CHARACTERS / 2),
    preview(letter.value, PREVIEW_CHARACTERS),
  ]);
  return textTable(['topic/partition/offset', 'logged', 'reason', 'detail', 'replayed', 'key', 'value'], rows);
}

function preview(bytes: Uint8Array | null, charactersMax: number): string {
  return bytes === null ? '(none)' : shortText(Buffer.from(bytes).toString('utf8'), charactersMax);
}

function letterJson({ letter, replayedAtMs }: ListedLetter): string {
  const { topic, partition, offset, loggedAtMs, reason, detail, key, value } = letter;
  const base64 = (bytes: Uint8Array | null) => (bytes === null ? null : Buffer.from(bytes).toString('base64'));
  const json = {
    topic,
    partition,
    offset,
    logged_at: new Date(loggedAtMs).toISOString(),
    reason,
    detail,
    replayed_at: replayedAtMs === null ? null : new Date(replayedAtMs).toISOString(),
    key_base64: base64(key),
    value_base64: base64(value),
  };
  return `${JSON.stringify(json)}\n`;
}
