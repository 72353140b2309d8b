import type { Command as CommanderCommand } from 'commander';
import type { ApiKey } from '../app/tasks/manage-keys.ts';
import { SettingError } from '../settings/read-settings.ts';
import { addSettingOptions, settingsFrom } from './setting-options.ts';
import { shortText, textTable } from './text-table.ts';

const ABOUT = `
Keys are asked for where API_KEYS=required. A sender or reader brings one as "Authorization: Bearer sl_…", as
"X-Api-Key: sl_…", or as the password of Basic authentication. A key of a tenant may write and read that tenant only
(a response names no tenant: it belongs to whoever sent its request). Only a hash of each key is stored. Running
processes know of new and revoked keys within 5 seconds.
`;

const NAME_CHARACTERS_MAX = 200;
const TENANT_CHARACTERS_MAX = 255;

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
    .option('--tenant <id>', 'the one tenant that the key may write and read')
    .option('--all-tenants', 'a key for every tenant')
    .option('--name <text>', 'for people: who holds it', '');
  addSettingOptions(create, 'keys').action(async (options: Record<string, unknown>) => {
    const settings = settingsFrom('keys', options);
    const tenantId = tenantOf(options);
    const name = String(options['name']);
    if (name.length > NAME_CHARACTERS_MAX) {
      throw new SettingError(`--name must have at most ${NAME_CHARACTERS_MAX} characters; got ${name.length}`);
    }
    const { createKey } = await import('../app/tasks/manage-keys.ts');
    const { id, text } = await createKey(settings, { name, tenantId });
    // The key alone on stdout, so that a script can take it.
    process.stderr.write(
      `${id} for ${tenantId === null ? 'all tenants' : `the tenant ${tenantId}`}; it is not shown again:\n`,
    );
    process.stdout.write(`${text}\n`);
  });
}

function tenantOf(options: Readonly<Record<string, unknown>>): string | null {
  const { tenant, allTenants } = options as { tenant?: string; allTenants?: boolean };
  if ((tenant === undefined) === (allTenants !== true)) {
    throw new SettingError('keys create needs either --tenant <id> or --all-tenants');
  }
  if (tenant === undefined) return null;
  if (tenant === '' || tenant.length > TENANT_CHARACTERS_MAX) {
    throw new SettingError(`--tenant must have 1 to ${TENANT_CHARACTERS_MAX} characters; got ${tenant.length}`);
  }
  return tenant;
}

function keyTable(keys: readonly ApiKey[]): string {
  if (keys.length === 0) return 'There are no keys; streamlens keys create makes one\n';
  const rows = keys.map(({ id, tenantId, name, createdAtMs, revokedAtMs }) => [
    id,
    tenantId === null ? '(all tenants)' : shortText(tenantId, 60),
    shortText(name, 60),
    new Date(createdAtMs).toISOString(),
    revokedAtMs === null ? '-' : new Date(revokedAtMs).toISOString(),
  ]);
  return textTable(['id', 'tenant', 'name', 'created', 'revoked'], rows);
}

function keyJson({ id, tenantId, name, createdAtMs, revokedAtMs }: ApiKey): object {
  return {
    id,
    tenant_id: tenantId,
    name,
    created_at: new Date(createdAtMs).toISOString(),
    revoked_at: revokedAtMs === null ? null : new Date(revokedAtMs).toISOString(),
  };
}
