import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from '../src/cli/main.ts';

/** `prices recompute`: commands that do something, by their full name. */
function commandNames(parent: Command, prefix = ''): string[] {
  return parent.commands.flatMap((command) => {
    const name = `${prefix}${command.name()}`;
    return command.commands.length > 0 ? commandNames(command, `${name} `) : [name];
  });
}

test('docs/commands.md has a section for every command, and for no other', () => {
  const text = readFileSync(new URL('../docs/commands.md', import.meta.url), 'utf8');
  const documented = Array.from(text.matchAll(/^### `([a-z- ]+)`$/gm), ([, name = '']) => name);
  assert.deepEqual(documented.toSorted(), commandNames(createProgram()).toSorted());
});

test('every command and every option says what it is for', () => {
  const silent: string[] = [];
  const visit = (command: Command): void => {
    if (command.description() === '') silent.push(command.name());
    for (const option of command.options) if (!option.description) silent.push(`${command.name()} ${option.flags}`);
    for (const child of command.commands) visit(child);
  };
  for (const command of createProgram().commands) visit(command);
  assert.deepEqual(silent, []);
});
