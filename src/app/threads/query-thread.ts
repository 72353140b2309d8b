import { workerData } from 'node:worker_threads';
import type { QuestionKind, Questions } from '../../metrics-api/questions.ts';
import { StoreQueries } from '../../metrics-api/store-queries.ts';
import type { ChangesQuery } from '../../metrics-store/metrics-reader.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { serveCalls } from '../../threads/thread-rpc.ts';
import { openStore } from '../open/open-store.ts';

/** Questions to the embedded store, in a thread of their own because SQLite blocks it. */
const { settings, interrupt } = workerData as {
  readonly settings: SettingsOf<'up'>;
  readonly interrupt: Int32Array<SharedArrayBuffer>;
};
const reader = await openStore(settings, 'read', { isInterrupted: () => Atomics.load(interrupt, 0) !== 0 });
const queries = new StoreQueries({ reader });

interface Asked {
  readonly kind: QuestionKind;
  readonly question: Questions[QuestionKind];
}

serveCalls({
  answer: ({ kind, question }: Asked) => queries.answer(kind, question),
  changes: (question: ChangesQuery) => queries.changes(question),
  readState: () => queries.readState(),
  checkHealth: () => queries.checkHealth(),
  stop: () => queries.close(),
});
