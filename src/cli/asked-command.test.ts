import assert from 'node:assert/strict';
import { test } from 'node:test';
import { argumentsAsMeant } from './asked-command.ts';
import { createProgram } from './main.ts';

const meant = (line: string) => argumentsAsMeant(createProgram(), line.split(' ')).join(' ');

test('help of a command that is not there asks for the command alone, which is refused by its name', () => {
  assert.equal(meant('frob --help'), 'frob');
  assert.equal(meant('help frob'), 'frob');
  assert.equal(meant('keys frob -h --json'), 'keys frob');
});

test('help is the same whether its word stands before the command or behind it', () => {
  assert.equal(meant('help keys list'), 'keys list --help');
  assert.equal(meant('keys help list'), 'keys list --help');
  assert.equal(meant('help'), '--help');
});

test('all else stays as it was given', () => {
  for (const line of ['up --help', 'keys list', '--help', '-v', 'backfill help', 'keys --help', 'up --port 1']) {
    assert.equal(meant(line), line);
  }
});
