import type { Command } from 'commander';

/**
 * The arguments, so that help is shown of a command that is there: for one that is not, commander would show that of
 * all and end with 0, as if it had been found. `help keys list` is another way to say `keys list --help`.
 */
export function argumentsAsMeant(program: Command, argv: readonly string[]): readonly string[] {
  const path: string[] = [];
  let command = program;
  let asksHelp = false;
  for (const word of argv) {
    if (word.startsWith('-') || command.commands.length === 0) break;
    if (word === 'help') {
      asksHelp = true;
      continue;
    }
    path.push(word);
    const found = command.commands.find((each) => each.name() === word || each.aliases().includes(word));
    // Without the flag commander says which one it does not know, and what is near.
    if (found === undefined) return path;
    command = found;
  }
  return asksHelp ? [...path, '--help'] : argv;
}
