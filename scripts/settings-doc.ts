import { type Command, fileFlagOf, fileVariableOf, flagOf, type Setting } from '../src/settings/setting.ts';
import { SETTINGS, type SettingName } from '../src/settings/settings-table.ts';

/** The settings page and the example file, from the table that the program itself reads. */

const ENTRIES = Object.entries(SETTINGS) as [SettingName, Setting<unknown>][];

/** What a service reads from its environment; the rest belongs to commands that people run. */
const SERVICES: ReadonlySet<Command> = new Set(['up', 'ingestion-api', 'metrics-processor', 'metrics-api', 'topics']);

const INTRO = `<!-- Written by scripts/write-settings-doc.ts from src/settings/settings-table.ts. Change it there. -->

# Settings

Each setting is an environment variable and a flag; the flag wins. An empty variable counts as not set. What is wrong is told in one sentence with exit code 2, before anything is started. \`streamlens <command> --help\` shows the settings of one command.

A variable may have the prefix \`STREAMLENS_\`, which then wins: \`STREAMLENS_METRICS_PORT\` for \`METRICS_PORT\`. Kubernetes sets \`METRICS_PORT=tcp://…\` in every pod beside a Service named \`metrics\`; such values are passed over, with a line that says so.

A secret can be given by the path of a file that holds it, as Docker, Kubernetes and systemd mount them: \`POSTGRES_DSN_FILE=/run/secrets/dsn\` for \`POSTGRES_DSN\`. A line break at the end is dropped; to set both is an error. The files of \`POSTGRES_DSN\` and of what Kafka is told are read again with each new connection, so that a rotated secret needs no restart.

Durations have a unit: \`250ms\`, \`30s\`, \`15m\`, \`24h\`, \`7d\`.
`;

export function settingsDoc(): string {
  const sections = ENTRIES.map(([name, setting]) => section(name, setting));
  return `${INTRO}\n${sections.join('\n')}`;
}

function section(name: SettingName, setting: Setting<unknown>): string {
  const flag = name === 'migrate' ? '--no-migrate' : `${flagOf(setting)} <${setting.kind.hint}>`;
  return [
    `### ${setting.env}`,
    '',
    `${capital(setting.about)}.`,
    '',
    `- flag: \`${flag}\``,
    `- takes: ${acceptedBy(setting)}`,
    `- default: ${fallbackText(setting)}`,
    ...(setting.kind.isSecret === true
      ? [`- or from a file: \`${fileVariableOf(setting)}\`, \`${fileFlagOf(setting)} <path>\``]
      : []),
    `- read by: ${setting.commands.map((command) => `\`${command}\``).join(', ')}`,
    '',
  ].join('\n');
}

/** A setting says what it takes when it is given something else; none takes an empty text. */
function acceptedBy({ kind }: Setting<unknown>): string {
  const reading = kind.read('');
  return reading.ok ? kind.hint : reading.expected;
}

function fallbackText({ fallback, commands }: Setting<unknown>): string {
  if (fallback === undefined) return 'none';
  if (typeof fallback === 'string') return `\`${fallback}\``;
  const byValue = new Map<string, Command[]>();
  for (const command of commands) {
    const value = fallback[command];
    if (value !== undefined) byValue.set(value, [...(byValue.get(value) ?? []), command]);
  }
  const texts = Array.from(byValue, ([value, of]) => `\`${value}\` for ${of.map((each) => `\`${each}\``).join(', ')}`);
  const isPartial = commands.some((command) => fallback[command] === undefined);
  return `${texts.join('; ')}${isPartial ? '; otherwise none' : ''}`;
}

const ENV_INTRO = `# Written by scripts/write-settings-doc.ts from src/settings/settings-table.ts. Change it there.
#
# Copy it to deploy/.env and take the "#" away before what you change. docs/settings.md explains everything.
`;

export function envExample(): string {
  const parts = ENTRIES.filter(([, { commands }]) => commands.some((command) => SERVICES.has(command))).map(
    ([, setting]) =>
      `# ${capital(setting.about)}\n# takes ${acceptedBy(setting)}\n#${setting.env}=${exampleValue(setting)}\n${setting.kind.isSecret === true ? `#${fileVariableOf(setting)}=\n` : ''}`,
  );
  return `${ENV_INTRO}\n${parts.join('\n')}`;
}

function exampleValue({ fallback, commands }: Setting<unknown>): string {
  if (fallback === undefined || typeof fallback === 'string') return fallback ?? '';
  const [first] = commands.flatMap((command) => fallback[command] ?? []);
  return first ?? '';
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`;
}
