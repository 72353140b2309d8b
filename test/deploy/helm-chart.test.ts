import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { MANIFESTS, renderManifest } from '../../scripts/render-manifests.ts';
import { readSettings } from '../../src/settings/read-settings.ts';
import type { Command, Setting } from '../../src/settings/setting.ts';
import { SETTINGS } from '../../src/settings/settings-table.ts';
import { skipWithoutTools, TOOLS, tool } from './deploy-tools.ts';
import { CHART, containersOf, helmTemplate, type Manifest, manifestsOf, podsOf, render } from './rendered-chart.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const DISTRIBUTED = ['mode=distributed', 'kafka.brokers=kafka-0:9092\\,kafka-1:9092', 'postgres.existingSecret=pg'];
const SECURE = [
  'kafka.tls.enabled=true',
  'kafka.tls.existingSecret=kafka-tls',
  'kafka.tls.clientCertificate=true',
  'kafka.sasl.mechanism=SCRAM-SHA-512',
  'kafka.sasl.existingSecret=kafka-user',
];
const EXTRAS = [
  'prices.existingConfigMap=prices',
  'podMonitor.enabled=true',
  'ingress.enabled=true',
  'ingress.metricsHost=llm.example.com',
  'ingress.ingestionHost=in.llm.example.com',
  'ingress.tlsSecret=llm-tls',
  'settings.LOG_LEVEL=warn',
  'settings.SCHEMA_REGISTRY_URL=http://registry:8081',
  'settings.SCHEMA_REGISTRY_USERNAME=streamlens',
  'secretSettings.SCHEMA_REGISTRY_PASSWORD.secret=registry',
  'secretSettings.SCHEMA_REGISTRY_PASSWORD.key=password',
  'tls.existingSecret=tls',
];
const AUTOSCALED = ['metricsProcessor.autoscaling.enabled=true', 'metricsProcessor.settings.JOIN_TIMEOUT=30m'];

/** What people install, from the least to everything. */
const CASES: Readonly<Record<string, readonly string[]>> = {
  'one process': [],
  'one process, on Kafka and Postgres': [
    'kafka.brokers=kafka:9092',
    'postgres.existingSecret=pg',
    ...SECURE,
    ...EXTRAS,
    'single.settings.MAX_PENDING=1000000',
    'single.persistence.existingClaim=data',
  ],
  'three roles': DISTRIBUTED,
  'three roles with everything, scaled by KEDA on Kafka': [...DISTRIBUTED, ...SECURE, ...EXTRAS, ...AUTOSCALED],
  'three roles, scaled by KEDA on Prometheus': [
    ...DISTRIBUTED,
    ...AUTOSCALED,
    'metricsProcessor.autoscaling.prometheusAddress=http://prometheus.monitoring:9090',
  ],
  'three roles, scaled by an external metric': [...DISTRIBUTED, ...AUTOSCALED, 'metricsProcessor.autoscaling.kind=hpa'],
};

/** The oldest version that the chart takes, and the newest that the schemas know. */
const KUBERNETES = ['1.28.0', '1.37.0'];

/** Kinds that Kubernetes does not have by itself, and whose packages know them. */
const CUSTOM: Readonly<Record<string, string>> = {
  ScaledObject: 'keda/keda.sh/v1alpha1/ScaledObject.js',
  TriggerAuthentication: 'keda/keda.sh/v1alpha1/TriggerAuthentication.js',
  PodMonitor: 'prometheus-operator/monitoring.coreos.com/v1/PodMonitor.js',
};

interface Model {
  validate(): void;
}

describe('the Helm chart', { skip: skipWithoutTools() }, () => {
  test('passes helm lint with nothing but the advice to have an icon', () => {
    for (const values of Object.values(CASES)) {
      const set = values.flatMap((value) => ['--set', value]);
      const { status, stdout, stderr } = spawnSync(tool('helm'), ['lint', '--strict', CHART, ...set], {
        encoding: 'utf8',
      });
      assert.equal(status, 0, stdout + stderr);
    }
  });

  test('is of the release of the package', () => {
    const { version } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8')) as { version: string };
    const chart = parse(readFileSync(`${CHART}/Chart.yaml`, 'utf8')) as { version: string; appVersion: string };
    assert.deepEqual([chart.version, chart.appVersion], [version, version]);
  });

  for (const version of KUBERNETES) {
    test(`Kubernetes ${version} accepts every manifest`, () => {
      // In one go, since most of its time goes into reading the schemas.
      const input = Object.values(CASES).map(render).join('\n---\n');
      const args = ['-strict', '-summary', '-output', 'json', '-n', '1', '-kubernetes-version', version];
      const schemas = ['-schema-location', `${TOOLS}/schemas/v${version}/{{.ResourceKind}}{{.KindSuffix}}.json`];
      const skip = ['-skip', Object.keys(CUSTOM).join(',')];
      const said = spawnSync(tool('kubeconform'), [...args, ...schemas, ...skip], { input, encoding: 'utf8' });
      assert.equal(said.status, 0, said.stdout + said.stderr);
      const { summary } = JSON.parse(said.stdout) as { summary: { valid: number; skipped: number } };
      const manifests = manifestsOf(input);
      const skipped = manifests.filter(({ kind }) => kind in CUSTOM).length;
      assert.deepEqual([summary.valid, summary.skipped], [manifests.length - skipped, skipped]);
    });
  }

  for (const [name, values] of Object.entries(CASES)) {
    test(`${name}: KEDA and the Prometheus Operator accept what is theirs`, async () => {
      for (const manifest of manifestsOf(render(values))) {
        const path = CUSTOM[manifest.kind];
        if (path === undefined) continue;
        const modules = `${TOOLS}/crds/node_modules/@kubernetes-models`;
        const { [manifest.kind]: Kind } = (await import(`${modules}/${path}`)) as Record<
          string,
          new (
            of: Manifest,
          ) => Model
        >;
        assert.ok(Kind !== undefined);
        new Kind(manifest).validate();
      }
    });

    test(`${name}: kube-score finds nothing critical`, () => {
      // Whose CPU is limited is held back while others are idle; memory is limited. Tags are releases, which are never written anew.
      const taste = ['--ignore-container-cpu-limit', '--ignore-test', 'container-image-pull-policy'];
      const args = ['score', '--output-format', 'ci', '--kubernetes-version', 'v1.28', ...taste, '-'];
      const { stdout } = spawnSync(tool('kube-score'), args, { input: render(values), encoding: 'utf8' });
      const critical = stdout.split('\n').filter((line) => line.startsWith('[CRITICAL]'));
      assert.deepEqual(critical, []);
      assert.match(stdout, /^\[OK\]/m);
    });

    test(`${name}: every variable is a setting of its command, and its value is accepted`, () => {
      for (const { pod } of podsOf(manifestsOf(render(values)))) {
        for (const { name: container, args, env } of containersOf(pod)) {
          const command = args[0] as Command;
          const known = new Set((Object.values(SETTINGS) as Setting<unknown>[]).map((setting) => setting.env));
          const given = Object.fromEntries(
            env.map(({ name: variable, value }) => [variable, value ?? EXAMPLES[variable]]),
          );
          for (const variable of Object.keys(given)) {
            assert.ok(known.has(variable.replace(/^STREAMLENS_(?!DATA_DIR)/, '')), `${container}: ${variable}`);
          }
          readSettings(command, { flags: {}, env: given });
        }
      }
    });

    test(`${name}: no pod may do more than it needs`, () => {
      for (const { pod } of podsOf(manifestsOf(render(values)))) {
        assert.equal(pod.automountServiceAccountToken, false);
        for (const { securityContext } of containersOf(pod)) {
          const { runAsUser, runAsGroup, ...rest } = securityContext;
          assert.ok(Number(runAsUser) > 0 && Number(runAsGroup) > 0);
          assert.deepEqual(rest, {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
            runAsNonRoot: true,
            seccompProfile: { type: 'RuntimeDefault' },
          });
        }
      }
    });

    test(`${name}: probes, services and policies name ports that their pods have`, () => {
      const manifests = manifestsOf(render(values));
      const ports = new Map<string, Set<string>>();
      for (const { workload, pod } of podsOf(manifests)) {
        const role = workload.metadata.labels?.['app.kubernetes.io/component'] ?? '';
        ports.set(role, new Set(pod.containers.flatMap(({ ports: own = [] }) => own.map((port) => port.name))));
        for (const { readinessProbe, livenessProbe } of pod.containers) {
          if (readinessProbe === undefined || livenessProbe === undefined) continue;
          assert.deepEqual([livenessProbe.httpGet.path, readinessProbe.httpGet.path], ['/health', '/ready']);
          assert.ok(ports.get(role)?.has(readinessProbe.httpGet.port) === true, role);
        }
      }
      for (const { kind, metadata, spec } of manifests) {
        const role = metadata.labels?.['app.kubernetes.io/component'] ?? '';
        const named = JSON.stringify(spec ?? {}).matchAll(/"(?:targetPort|port)":"([a-z-]+)"/g);
        if (kind !== 'Service' && kind !== 'NetworkPolicy') continue;
        for (const [, port = ''] of named) assert.ok(ports.get(role)?.has(port) === true, `${kind} ${role}: ${port}`);
      }
    });
  }

  test('the values that docs/deploy.md shows are accepted', () => {
    const [, input = ''] = /```yaml\n([^`]+)```/.exec(readFileSync(`${ROOT}/docs/deploy.md`, 'utf8')) ?? [];
    const args = ['template', 'demo', CHART, '--values', '-'];
    const { status, stdout, stderr } = spawnSync(tool('helm'), args, { input, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.ok(podsOf(manifestsOf(stdout)).length === 4);
  });

  test('a role is stopped later than it promises to be done', () => {
    for (const { workload, pod } of podsOf(manifestsOf(render(['shutdownDelaySeconds=30', ...DISTRIBUTED])))) {
      if (workload.kind === 'Job') continue;
      assert.equal(pod.terminationGracePeriodSeconds, 50);
      const delay = pod.containers[0]?.env.find(({ name }) => name === 'SHUTDOWN_DELAY')?.value;
      assert.equal(delay, '30s');
    }
  });

  test('a setting of one role wins over that of all', () => {
    const values = [...DISTRIBUTED, 'settings.LOG_LEVEL=warn', 'metricsApi.settings.LOG_LEVEL=debug'];
    const levels = podsOf(manifestsOf(render(values))).flatMap(({ pod }) =>
      pod.containers.flatMap(({ name, env }) =>
        env.flatMap((each) => (each.name === 'LOG_LEVEL' ? [[name, each.value]] : [])),
      ),
    );
    assert.deepEqual(Object.fromEntries(levels), {
      'ingestion-api': 'warn',
      'metrics-api': 'debug',
      'metrics-processor': 'warn',
      migrate: 'warn',
    });
  });

  const REFUSED: Readonly<Record<string, readonly [values: readonly string[], said: RegExp]>> = {
    'a misspelt setting': [['settings.LOG_LEVLE=warn'], /LOG_LEVLE/],
    'a setting of another role': [[...DISTRIBUTED, 'metricsApi.settings.JOIN_TIMEOUT=1m'], /JOIN_TIMEOUT/],
    'a secret among the settings': [['settings.POSTGRES_DSN=postgres://a:b@c/d'], /POSTGRES_DSN/],
    'a setting that is no secret among the secrets': [['secretSettings.LOG_LEVEL.secret=s'], /LOG_LEVEL/],
    'a misspelt value': [['ingestionAPI.replicas=3'], /ingestionAPI/],
    'three roles without brokers': [['mode=distributed', 'postgres.existingSecret=pg'], /kafka\.brokers/],
    'three roles without a database': [['mode=distributed', 'kafka.brokers=kafka:9092'], /postgres\.existingSecret/],
    'more processors than partitions': [[...DISTRIBUTED, 'kafka.topics.partitions=6'], /maxReplicas/],
    'SASL without a Secret': [[...DISTRIBUTED, 'kafka.sasl.mechanism=PLAIN'], /kafka\.sasl\.existingSecret/],
  };
  for (const [name, [values, said]] of Object.entries(REFUSED)) {
    test(`${name} is refused before anything is installed`, () => {
      const { status, stderr } = helmTemplate(values);
      assert.notEqual(status, 0);
      assert.match(stderr, said);
    });
  }

  for (const name of Object.keys(MANIFESTS) as (keyof typeof MANIFESTS)[]) {
    test(`deploy/kubernetes/${name} is what the chart says (node scripts/write-manifests.ts writes it)`, () => {
      assert.equal(readFileSync(`${ROOT}/deploy/kubernetes/${name}`, 'utf8'), renderManifest(tool('helm'), name));
    });
  }
});

/** For what comes from a Secret. */
const EXAMPLES: Readonly<Record<string, string>> = {
  POSTGRES_DSN: 'postgres://user:password@postgres:5432/streamlens?sslmode=disable',
  KAFKA_SASL_USERNAME: 'streamlens',
  KAFKA_SASL_PASSWORD: 'secret',
  SCHEMA_REGISTRY_PASSWORD: 'secret',
};
