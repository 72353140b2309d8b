import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { changedSettings, readSettings, settingsOf } from './read-settings.ts';
import { readSecretFile, rereadSecret } from './secret-file.ts';
import { fileFlagOf, fileVariableOf } from './setting.ts';
import { SETTINGS, type SomeSettings } from './settings-table.ts';

const folder = mkdtempSync(join(tmpdir(), 'secret-file-'));
after(() => rmSync(folder, { recursive: true }));

function secretFile(text: string, name = 'secret'): string {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const DSN = 'postgres://a:geheim@c/d';

test('line breaks at the end of a secret are dropped, and nothing else', () => {
  const texts = ['geheim', 'geheim\n', 'geheim\r\n', 'geheim\n\n', ' geheim \n'];
  const values = texts.map((text) => readSecretFile(secretFile(text)));
  assert.deepEqual(
    values.map((reading) => reading.ok && reading.value),
    ['geheim', 'geheim', 'geheim', 'geheim', ' geheim '],
  );
});

test('every secret of every command is read from the file that its _FILE variable names', () => {
  const path = secretFile(`${DSN}\n`);
  for (const setting of Object.values(SETTINGS)) {
    if (!('isSecret' in setting.kind)) continue;
    for (const command of setting.commands) {
      const [name] = settingsOf(command).find(([, each]) => each.env === setting.env) ?? [];
      assert.ok(name !== undefined);
      for (const variable of [fileVariableOf(setting), `STREAMLENS_${fileVariableOf(setting)}`]) {
        const read: SomeSettings = readSettings(command, { flags: {}, env: { [variable]: path } });
        assert.equal(read[name], DSN, `${command} ${variable}`);
      }
    }
  }
});

test('a secret and its file together are refused; a flag wins over the environment', () => {
  const path = secretFile(DSN);
  const env = { POSTGRES_DSN: DSN, POSTGRES_DSN_FILE: path };
  assert.throws(() => readSettings('up', { flags: {}, env }), /POSTGRES_DSN and POSTGRES_DSN_FILE are both set/);
  const flags = { postgresDsn: DSN, postgresDsnFile: path };
  assert.throws(() => readSettings('up', { flags, env: {} }), /--postgres-dsn and --postgres-dsn-file are both set/);
  const other = readSettings('up', { flags: { postgresDsn: 'postgres://x/y' }, env: { POSTGRES_DSN_FILE: path } });
  assert.deepEqual([other.postgresDsn, other.postgresDsnFile], ['postgres://x/y', undefined]);
  const empty = readSettings('up', { flags: {}, env: { POSTGRES_DSN: '', POSTGRES_DSN_FILE: path } });
  assert.equal(empty.postgresDsn, DSN);
});

test('what is wrong with the file is told by its path, never by what it holds', () => {
  const read = (path: string): unknown => readSettings('up', { flags: {}, env: { POSTGRES_DSN_FILE: path } });
  assert.throws(
    () => read(join(folder, 'none')),
    /POSTGRES_DSN_FILE must name a file that can be read \(ENOENT\); got/,
  );
  assert.throws(() => read(folder), /EISDIR/);
  assert.throws(() => read(secretFile('\n')), /this one is empty/);
  assert.throws(() => read(secretFile('x'.repeat(70_000))), /at most 65536 bytes/);
  const wrong = secretFile('mysql://geheim');
  assert.throws(() => read(wrong), /of POSTGRES_DSN_FILE must hold postgres:/);
  assert.throws(
    () => read(wrong),
    ({ message }: Error) => !message.includes('geheim'),
  );
});

test('the log names the file and not the secret', () => {
  const path = secretFile(DSN);
  const settings = readSettings('up', { flags: {}, env: { POSTGRES_DSN_FILE: path } });
  assert.deepEqual(changedSettings('up', settings), { POSTGRES_DSN_FILE: path });
});

test('a rotated secret is read anew; while its file is away the last one stands', () => {
  const path = secretFile('first\n', 'rotated');
  const read = rereadSecret(path, 'first');
  secretFile('second\n', 'rotated');
  assert.equal(read(), 'second');
  rmSync(path);
  assert.equal(read(), 'second');
});

test('the flag of the file is that of the secret with -file', () => {
  assert.equal(fileFlagOf(SETTINGS.kafkaSaslPassword), '--kafka-sasl-password-file');
});
