import assert from 'node:assert/strict';
import { test } from 'node:test';
import { goToTop } from '../../src/dashboard/go-to-top.ts';
import { withGlobals } from './page-globals.ts';

test('the focus goes to the numbers, without a jump of its own, and the page to its top', async () => {
  const done: unknown[] = [];
  const element = { focus: (options: object) => done.push(options) };
  const document = { getElementById: (id: string) => (id === 'main' ? element : null) };
  await withGlobals({ document, scrollTo: (place: object) => done.push(place) }, async () => goToTop());
  assert.deepEqual(done, [{ preventScroll: true }, { top: 0 }]);
});
