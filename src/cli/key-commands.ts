import type { Command as CommanderCommand } from 'commander';
import type { ApiKey } from '../app/tasks/manage-keys.ts';
import { ROLES } from '../events/role.ts';
import { scopeInWords } from '../events/tenant-scope.ts';
import { SettingError } from '../settings/read-settings.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { shortText, textTable } from './text-table.ts';

const ABOUT = `
Keys are asked for where API_KEYS=required. A sender or reader brings one as "Authorization: Bearer sl_…", as
"X-Api-Key: sl_…", or as the password of Basic authentication. A role says what a key may do: ingest to send, read to
read, admin both and what else there is; without --role it may send and read. A key of a tenant may send for and read
that tenant only. With a key of several tenants, each event names its own. Only a hash of each key is stored. Running
processes know of new and revoked keys within 5 seconds.
`;

const NAME_CHARACTERS_MAX = 200;
const TENANT_CHARACTERS_MAX = 255;
const TENANTS_MAX = 100;

export function addKeyCommands(program: CommanderCommand): void {
  const keys = program.command('keys').description('API keys').addHelpText('after', ABOUT);
  addCreate(keys);
  const list = keys.command('list').description('shows all keys, never their text').option('--json', 'as JSON');
  addSettingOptions(list, 'keys').action(async (options: Record<string, unknown>) => {
    const { listKeys } = await import('../app/tasks/manage-keys.ts');
    const listed = await listKeys(settingsFrom('keys', options));
    process.stdout.write(
      options['json'] === true ? `${JSON.stringify(listed.map(keyJson), null, 2)}\n` : keyTable(listed),
    );
  });
  const revoke = keys
    .command('revoke')
    .description('ends a key')
    .argument('<id>', 'the id of the key, as list shows it');
  addSettingOptions(revoke, 'keys').action(async (id: string, options: Record<string, unknown>) => {
    const { revokeKey } = await import('../app/tasks/manage-keys.ts');
    const outcome = await revokeKey(settingsFrom('keys', options), id);
    if (outcome === 'unknown')
      throw new Error(`There is no key with the id "${shortText(id, 50)}"; keys list shows them`);
    process.stdout.write(
      outcome === 'already' ? `${id} was revoked before\n` : `${id} is revoked; it ends within 5 s\n`,
    );
  });
}

function addCreate(keys: CommanderCommand): void {
  const create = keys
    .command('create')
    .description('makes a key and shows it, once')
    .option('--tenant <id>', 'a tenant that the key is for; may be given more than once', gathered, [])
    .option('--all-tenants', 'a key for every tenant')
    .option(
      '--role <role>',
      `${ROLES.join(', ')}; may be given more than once (default: ingest and read)`,
      gathered,
      [],
    )
    .option('--name <text>', 'for people: who holds it', '');
  addSettingOptions(create, 'keys').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('keys', options);
    const [roles, tenants] = [rolesOf(options), tenantsOf(options)];
    const name = String(options['name']);
    if (name.length > NAME_CHARACTERS_MAX) {
      throw new SettingError(`--name must have at most ${NAME_CHARACTERS_MAX} characters; got ${name.length}`);
    }
    const { createKey } = await import('../app/tasks/manage-keys.ts');
    const { id, text } = await createKey(settings, { name, roles, tenants });
    // The key alone on stdout, so that a script can take it.
    process.stderr.write(`${id} (${roles.join(', ')}) for ${scopeInWords(tenants)}; it is not shown again:\n`);
    process.stdout.write(`${text}\n`);
  });
}

function gathered(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}

/** In the order of the table, each once. */
function rolesOf(options: Readonly<Record<string, unknown>>): ApiKey['roles'] {
  const named = options['role'] as readonly string[];
  const unknown = named.find((role) => !(ROLES as readonly string[]).includes(role));
  if (unknown !== undefined) {
    throw new SettingError(`--role must be one of ${ROLES.join(', ')}; got "${shortText(unknown, 50)}"`);
  }
  return named.length === 0 ? ['ingest', 'read'] : ROLES.filter((role) => named.includes(role));
}

function tenantsOf(options: Readonly<Record<string, unknown>>): ApiKey['tenants'] {
  const { tenant, allTenants } = options as { tenant: readonly string[]; allTenants?: boolean };
  if ((tenant.length === 0) === (allTenants !== true)) {
    throw new SettingError('keys create needs either --tenant <id> or --all-tenants');
  }
  if (tenant.length === 0) return null;
  const wrong = tenant.find((id) => id === '' || id.length > TENANT_CHARACTERS_MAX);
  if (wrong !== undefined) {
    throw new SettingError(`--tenant must have 1 to ${TENANT_CHARACTERS_MAX} characters; got ${wrong.length}`);
  }
  const tenants = [...new Set(tenant)];
  if (tenants.length <= TENANTS_MAX) return tenants;
  throw new SettingError(`--tenant may be given ${TENANTS_MAX} times, or use --all-tenants; got ${tenants.length}`);
}

function keyTable(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'There are no keys; streamlens keys create makes one\n';
  const rows = keys.map(({ id, roles, tenants, name, createdAtMs, revokedAtMs }) => [
    id,
    roles.join(', '),
    tenants === null ? '(all tenants)' : shortText(tenants.join(', '), 60),
    shortText(name, 60),
    new Date(createdAtMs).toISOString(),
    revokedAtMs === null ? '-' : new Date(revokedAtMs).toISOString(),
  ]);
  return textTable(['id', 'roles', 'tenants', 'name', 'created', 'revoked'], rows);
}

function keyJson({ id, roles, tenants, name, createdAtMs, revokedAtMs }: ApiKey): object {
  return {
    id,
    roles,
    // Null: all of them.
    tenant_ids: tenants,
    name,
    created_at: new Date(createdAtMs).toISOString(),
    revoked_at: revokedAtMs === null ? null : new Date(revokedAtMs).toISOString(),
  };
}
