import type { Command as CommanderCommand } from 'commander';
import type { Finding } from '../app/doctor/doctor.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';

const HELP = `
Looks at what "streamlens up" with the same settings needs: versions, clock, data directory and disk, brokers and topics, the store
and its schema, prices, ports. Changes nothing. Exit code 0 when all is fine, 1 when something is broken, 2 when the
configuration itself is wrong.
`;

const MARKS: Readonly<Record<Finding['level'], string>> = { ok: 'ok    ', note: 'note  ', broken: 'BROKEN' };

export function addDoctorCommand(program: CommanderCommand): void {
  // The launcher answers it by bin/health.js, before any of this is loaded; here it has its help.
  program
    .command('health')
    .description('asks a running process whether it lives, for probes: exit code 0 or 1')
    .argument('[url]', 'where it listens (default http://127.0.0.1 and HTTP_PORT, METRICS_PORT or 8081)')
    .option('--ready', 'whether it can do its work, with a line per dependency');
  const cli = program
    .command('doctor')
    .description('checks configuration, broker, topics, store, clock, versions')
    .option('--json', 'as JSON')
    .addHelpText('after', HELP);
  addSettingOptions(cli, 'doctor').action(async (options: Record<string, unknown>) => {
    const { examine } = await import('../app/doctor/doctor.ts');
    const findings = await examine(settingsFrom('doctor', options), Date.now());
    const lines = findings.map(({ level, what, text }) => `${MARKS[level]}  ${what}: ${text}\n`);
    process.stdout.write(options['json'] === true ? `${JSON.stringify(findings, null, 2)}\n` : lines.join(''));
    if (findings.some(({ level }) => level === 'broken')) process.exitCode = 1;
  });
}
