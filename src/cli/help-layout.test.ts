import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Command } from 'commander';
import { createProgram } from './main.ts';

function commandsBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsBelow)];
}

test('the help of every command fits a terminal of 80 columns', () => {
  for (const command of commandsBelow(createProgram())) {
    command.configureOutput({ getOutHelpWidth: () => 80 });
    const lines = command.helpInformation().split('\n');
    // Only a flag with its choices, or an address, has no blank at which to break it.
    const long = lines.filter((line) => line.length > 80 && line.trim().split(' ').length > 2);
    assert.deepEqual(long, [], command.name());
  }
});

test('a flag that is longer than its column keeps its words in the column', () => {
  const up = createProgram().commands.find((command) => command.name() === 'up');
  up?.configureOutput({ getOutHelpWidth: () => 80 });
  const lines = up?.helpInformation().split('\n') ?? [];
  const at = lines.findIndex((line) => line.includes('--kafka-sasl-mechanism'));
  assert.match(lines[at] ?? '', /^ {2}--kafka-sasl-mechanism <PLAIN\|.*>$/);
  assert.match(lines[at + 1] ?? '', /^ {34}how to authenticate/);
});
