import assert from 'node:assert/strict';
import { test } from 'node:test';
import { shortText, textTable } from './text-table.ts';

test('columns are aligned, numbers to the right', () => {
  assert.equal(
    textTable(
      ['name', 'n'],
      [
        ['a', '10'],
        ['long', '5'],
      ],
      new Set(['n']),
    ),
    'name   n\na     10\nlong   5\n',
  );
});

test('what a sender put into a name does not reach the terminal as a command', () => {
  const esc = String.fromCodePoint(0x1b);
  const table = textTable(['tenant'], [[`evil${esc}[31m`], ['a\u009bb'], ['c\u202ed']]);
  assert.doesNotMatch(table, /[^\n -~]/);
  assert.match(table, /evil \[31m/);
});

test('a long text is cut, and lines are one', () => {
  assert.equal(shortText('a\nb\u0000c', 10), 'a b c');
  assert.equal(shortText('abcdef', 4), 'abc…');
});
