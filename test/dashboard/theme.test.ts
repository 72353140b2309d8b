import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyTheme, keepTheme, storedTheme } from '../../src/dashboard/theme.ts';
import { FakeStorage, withGlobals } from './page-globals.ts';

function aPage() {
  const dataset: Record<string, string> = {};
  const localStorage = new FakeStorage();
  return { dataset, localStorage, globals: { document: { documentElement: { dataset } }, localStorage } };
}

test('a theme that was kept is in force at once and the next time', async () => {
  const { globals, dataset } = aPage();
  await withGlobals(globals, () => {
    assert.equal(storedTheme(), 'system');
    keepTheme('dark');
    assert.deepEqual([storedTheme(), dataset['theme']], ['dark', 'dark']);
    keepTheme('system');
    assert.deepEqual([storedTheme(), 'theme' in dataset], ['system', false]);
  });
});

test('a theme that is none is as if none was kept', async () => {
  const { globals, localStorage } = aPage();
  localStorage.values.set('streamlens.theme', 'pink');
  await withGlobals(globals, () => assert.equal(storedTheme(), 'system'));
});

test('where storage is forbidden a theme lasts as long as the page', async () => {
  const { globals, localStorage, dataset } = aPage();
  localStorage.isForbidden = true;
  await withGlobals(globals, () => {
    keepTheme('light');
    assert.deepEqual([storedTheme(), dataset['theme']], ['system', 'light']);
    applyTheme('system');
    assert.equal('theme' in dataset, false);
  });
});

test('the first thing that a page does is to apply the theme that was kept', async () => {
  const { globals, localStorage, dataset } = aPage();
  localStorage.values.set('streamlens.theme', 'dark');
  await withGlobals(globals, () => import('../../src/dashboard/first-paint.ts'));
  assert.equal(dataset['theme'], 'dark');
});
