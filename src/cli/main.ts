import { Command, CommanderError } from 'commander';
import { VERSION } from '../app/version.ts';
import { SettingError } from '../settings/read-settings.ts';
import { argumentsAsMeant } from './asked-command.ts';
import { addBackfillCommand } from './backfill-command.ts';
import { addBackupCommands } from './backup-commands.ts';
import { addDeadLetterCommands } from './dead-letter-commands.ts';
import { addDeleteCommand } from './delete-command.ts';
import { addDoctorCommand } from './doctor-command.ts';
import { addExportCommand } from './export-command.ts';
import { goOnWithoutReader, isReaderGone } from './gone-reader.ts';
import { HELP_LAYOUT } from './help-layout.ts';
import { addImportCommand } from './import-command.ts';
import { addKeyCommands } from './key-commands.ts';
import { addPriceCommands } from './price-commands.ts';
import { addReconcileCommand } from './reconcile-command.ts';
import { addServerCommands } from './server-commands.ts';
import { addStoreCommands } from './store-commands.ts';
import { addTrafficCommands } from './traffic-commands.ts';

const USAGE_ERROR = 2;
const RUNTIME_ERROR = 1;

/** Runs one command. Exit codes: 0 success, 1 a failure at run time, 2 wrong usage or configuration. */
export async function main(argv: readonly string[]): Promise<void> {
  goOnWithoutReader();
  try {
    const program = createProgram();
    await program.parseAsync([...argumentsAsMeant(program, argv)], { from: 'user' });
  } catch (error) {
    process.exitCode = report(error);
  }
}

/** All commands. */
export function createProgram(): Command {
  const program = new Command('streamlens')
    .description('The streaming metrics engine for LLM applications: exact, live, mergeable, small.')
    .version(VERSION, '-v, --version')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride();
  addServerCommands(program);
  addStoreCommands(program);
  addDoctorCommand(program);
  addBackupCommands(program);
  addDeleteCommand(program);
  addKeyCommands(program);
  addTrafficCommands(program);
  addBackfillCommand(program);
  addImportCommand(program);
  addReconcileCommand(program);
  addExportCommand(program);
  addPriceCommands(program);
  addDeadLetterCommands(program);
  for (const command of commandsBelow(program)) {
    command.exitOverride().showHelpAfterError('(--help tells more)').configureHelp(HELP_LAYOUT);
    command.configureOutput({ outputError: (text, write) => write(usageError(text, command)) });
  }
  return program;
}

function commandsBelow(command: Command): Command[] {
  return [command, ...command.commands.flatMap(commandsBelow)];
}

/** Every error begins alike. `--port` is nearer to `--ingestion-port` than to `--host`, whatever the letters say. */
function usageError(text: string, command: Command): string {
  const own = text.replace(/^error: /, 'streamlens: ');
  const [, word] = /unknown option '--([\w-]+)'/.exec(own) ?? [];
  if (word === undefined) return own;
  const alike = command.options.flatMap(({ long }) => (long?.split('-').includes(word) ? [long] : []));
  if (alike.length === 0) return own;
  return `${own.split('\n', 1)[0]}\n(Did you mean ${alike.join(' or ')}?)\n`;
}

function report(error: unknown): number {
  // Commander has told the person already.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_ERROR;
  // Who does not read on wants to hear nothing of it either.
  if (!isReaderGone(error)) process.stderr.write(`streamlens: ${(error as Error).message}\n`);
  return error instanceof SettingError || isSettingRefused(error) ? USAGE_ERROR : RUNTIME_ERROR;
}

/** By the code and not the class, which does not cross from a thread. */
function isSettingRefused(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'setting-refused';
}
