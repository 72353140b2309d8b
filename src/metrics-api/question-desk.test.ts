import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { mock, test } from 'node:test';
import { TooMuchToRead } from '../metrics-store/read-budget.ts';
import { QuestionDesk } from './question-desk.ts';
import type { Answerer, Errand } from './questions.ts';

const STAYS = new AbortController().signal;
/** The audit is a long question, one call a short one. */
const LONG = { tenantId: null, fromMs: 0, toMs: 1, page: { limit: 1, after: null }, maySeeAll: true, asked: {} };
const SHORT = { tenantId: 'acme', requestId: 'r' };

interface Running {
  readonly errand: Errand;
  readonly end: (text: string) => void;
  readonly fail: (error: Error) => void;
}

function open() {
  const running: Running[] = [];
  const answerer = {
    answer: (_kind: string, _question: object, errand: Errand) =>
      new Promise<string>((end, fail) => running.push({ errand, end, fail })),
  } as unknown as Answerer;
  return { running, desk: new QuestionDesk(answerer, { timeoutMs: 1000, rowsMax: 50_000 }) };
}

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
};

test('long questions take turns, and short ones are not behind them', async () => {
  const { running, desk } = open();
  const long = Array.from({ length: 5 }, () => desk.answer('audit', LONG, STAYS));
  await settle();
  assert.equal(running.length, 3);
  const short = desk.answer('call', SHORT, STAYS);
  await settle();
  running[3]?.end('short');
  assert.equal(await short, 'short');
  running[0]?.end('first');
  await settle();
  assert.equal(running.length, 5, 'the fourth long one has its turn');
  for (const { end } of running) end('text');
  await settle();
  running[5]?.end('text');
  assert.equal((await Promise.all(long)).length, 5);
});

test('a question that takes too long is a 422 that says what to narrow, and ends', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { running, desk } = open();
  const answer = desk.answer('call', SHORT, STAYS);
  await settle();
  mock.timers.tick(1000);
  await assert.rejects(answer, { status: 422, message: /shorter range/ });
  assert.ok(running[0]?.errand.signal.aborted);
  mock.timers.reset();
});

test('a question that does not come to its turn is a 503, and one whose client has gone leaves the queue', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { running, desk } = open();
  const first = Array.from({ length: 3 }, () => desk.answer('audit', LONG, STAYS));
  const gone = new AbortController();
  const left = desk.answer('audit', LONG, gone.signal);
  const patient = new AbortController();
  const waits = desk.answer('audit', LONG, patient.signal);
  gone.abort();
  await assert.rejects(left, { status: 503 });
  for (const each of first) each.catch(() => undefined);
  mock.timers.tick(1000);
  await assert.rejects(waits, { status: 503, retryAfterS: 2 });
  // Node keeps a composite signal for as long as somebody listens to it.
  assert.equal(getEventListeners(patient.signal, 'abort').length, 0);
  assert.equal(running.length, 3);
  mock.timers.reset();
});

test('a question whose client goes is given up', async () => {
  const { running, desk } = open();
  const gone = new AbortController();
  const answer = desk.answer('call', SHORT, gone.signal);
  await settle();
  gone.abort();
  assert.ok(running[0]?.errand.signal.aborted);
  running[0]?.end('text');
  await answer;
});

test('a question that looks short and reads too much for that is asked again as a long one, in its turn', async () => {
  const { running, desk } = open();
  const long = Array.from({ length: 3 }, () => desk.answer('audit', LONG, STAYS));
  await settle();
  const answer = desk.answer('call', SHORT, STAYS);
  await settle();
  assert.deepEqual([running[3]?.errand.isLong, running[3]?.errand.rowsMax], [false, 10_000]);
  running[3]?.fail(new TooMuchToRead('The question reads more than 10,000 rows.'));
  await settle();
  assert.equal(running.length, 4, 'it waits, as three long ones are being answered');
  running[0]?.end('first');
  await settle();
  assert.deepEqual([running[4]?.errand.isLong, running[4]?.errand.rowsMax], [true, 50_000]);
  running[4]?.end('text');
  assert.equal(await answer, 'text');
  for (const { end } of running) end('text');
  await Promise.all(long);
});

test('a question that reads more than one may is a 422 that says what to narrow', async () => {
  const { running, desk } = open();
  const answer = desk.answer('audit', LONG, STAYS);
  await settle();
  running[0]?.fail(new TooMuchToRead('The question reads more than 50,000 rows.'));
  await assert.rejects(answer, { status: 422, message: /more than 50,000 rows\. Narrow it: a shorter range/ });
});
