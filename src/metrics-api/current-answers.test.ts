import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CurrentAnswers } from './current-answers.ts';

/** A store that is written by counting, and counts how often it is asked. */
class CountedStore {
  version = 1;
  tellsItsState = true;
  stateReads = 0;
  readonly asked: string[] = [];

  readonly answers: CurrentAnswers;

  constructor(charactersMax = 1000) {
    this.answers = new CurrentAnswers({ readState: () => this.#readState(), nowMs: () => this.version, charactersMax });
  }

  async ask(question: string): Promise<string> {
    const { text } = await this.answers.ask(question, async () => {
      this.asked.push(question);
      await Promise.resolve();
      return `${question} at ${this.version}`;
    });
    return text ?? '';
  }

  async #readState() {
    this.stateReads++;
    await new Promise(setImmediate);
    return { id: this.tellsItsState ? String(this.version) : null, completeThroughMs: null };
  }
}

test('an answer is given again as long as nothing was written', async () => {
  const store = new CountedStore();
  assert.deepEqual([await store.ask('a'), await store.ask('a')], ['a at 1', 'a at 1']);
  assert.deepEqual(store.asked, ['a']);
});

test('whatever is written before a question is in its answer', async () => {
  const store = new CountedStore();
  await store.ask('a');
  store.version++;
  assert.equal(await store.ask('a'), 'a at 2');
  const early = store.ask('a');
  store.version++;
  assert.deepEqual(await Promise.all([early, store.ask('a')]), ['a at 3', 'a at 3']);
});

test('questions that wait at the same time share one reading of the state, and equal ones one answer', async () => {
  const store = new CountedStore();
  const answers = await Promise.all(['a', 'b', 'a', 'b', 'a'].map((question) => store.ask(question)));
  assert.deepEqual(answers, ['a at 1', 'b at 1', 'a at 1', 'b at 1', 'a at 1']);
  // The first begins at once; the others share the next, which begins after they asked.
  assert.deepEqual([store.stateReads, store.asked], [2, ['a', 'b']]);
});

test('an answer that could not be made is not remembered', async () => {
  const store = new CountedStore();
  const failing = store.answers.ask('a', () => Promise.reject(new Error('the store is away')));
  await assert.rejects(failing, /the store is away/);
  assert.equal(await store.ask('a'), 'a at 1');
});

test('the oldest answers make room for new ones, and one of more than an eighth of all is not kept', async () => {
  const store = new CountedStore(100);
  const names = Array.from({ length: 20 }, (_, i) => String.fromCharCode(97 + i));
  for (const name of names) await store.ask(name);
  store.asked.length = 0;
  for (const name of names.toReversed()) await store.ask(name);
  // Fourteen answers fit into a hundred characters: each takes six, and one for its question.
  assert.deepEqual(store.asked.slice(0, 2), ['f', 'e']);
  store.asked.length = 0;
  await store.ask('a question that is long');
  await store.ask('a question that is long');
  assert.equal(store.asked.length, 2);
});

test('where the store cannot tell its state, nothing is kept', async () => {
  const store = new CountedStore();
  store.tellsItsState = false;
  await store.ask('a');
  store.version++;
  assert.equal(await store.ask('a'), 'a at 2');
  assert.deepEqual(store.asked, ['a', 'a']);
});
