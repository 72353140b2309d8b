import { workerData } from 'node:worker_threads';
import type { ExportRequest, QuestionKind, Questions } from '../../metrics-api/questions.ts';
import { StoreQueries } from '../../metrics-api/store-queries.ts';
import type { ChangesQuery } from '../../metrics-store/metrics-reader.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { StorageError } from '../../storage/storage-error.ts';
import type { TimeRange } from '../../tally/steps.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';
import { openStore } from '../open/open-store.ts';
import { pricesWhenWanted } from '../open/prices-when-wanted.ts';
import { giveWay } from './give-way.ts';
import { type InterruptNumbers, NO_SLOT } from './interrupts.ts';

/** Questions to the embedded store, in a thread of their own because SQLite blocks it. */
const { settings, interrupts, isForLong } = workerData as {
  readonly settings: SettingsOf<'up'>;
  readonly interrupts: InterruptNumbers;
  readonly isForLong: boolean;
};
if (isForLong) giveWay();

/** Of the call that is answered now: as nothing here waits, one is answered after the other. */
let current = NO_SLOT;
const isInterrupted = (): boolean => current !== NO_SLOT && Atomics.load(interrupts, current) !== 0;

const reader = await openStore(settings, 'read', { isInterrupted });
const queries = new StoreQueries({ reader, prices: pricesWhenWanted(settings, Date.now) });
const NEVER = new AbortController().signal;

interface Call<Asked> {
  readonly asked: Asked;
  readonly slot: number;
}

type Tell = (part: unknown) => void;

interface Question {
  readonly kind: QuestionKind;
  readonly question: Questions[QuestionKind];
  readonly rowsMax?: number;
  readonly isInParts: boolean;
}

/** A call for which nobody waits any more when its turn comes is not begun. */
function inTurn<Asked>(answer: (asked: Asked, tell: Tell) => unknown): (call: Call<Asked>, tell: Tell) => unknown {
  return ({ asked, slot }, tell) => {
    current = slot;
    if (isInterrupted()) throw new StorageError('unavailable', 'The question was given up.');
    return answer(asked, tell);
  };
}

serveCalls({
  answer: inTurn(({ kind, question, isInParts, ...errand }: Question, onPart) =>
    queries.answer(kind, question, isInParts ? { ...errand, onPart } : errand),
  ),
  changes: inTurn((question: ChangesQuery) => queries.changes(question)),
  llmTotals: inTurn((range: TimeRange) => queries.llmTotals(range, { signal: NEVER })),
  // What it needs is loaded before its turn, as others may be answered meanwhile.
  exportPage: async (call: Call<ExportRequest>, tell: Tell) =>
    inTurn(await queries.exportReader(call.asked))(call, tell),
  readState: inTurn(() => queries.readState()),
  checkHealth: inTurn(() => queries.checkHealth()),
  stop: () => queries.close(),
});
