import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { skipWithoutTools, tool } from './deploy-tools.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const WORKFLOWS = `${ROOT}/.github/workflows`;

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>;
  readonly 'timeout-minutes'?: number;
  readonly steps: readonly Step[];
}

const release = parse(readFileSync(`${WORKFLOWS}/release.yml`, 'utf8')) as {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
};
const jobs = Object.values(release.jobs);
const steps = jobs.flatMap((job) => job.steps);
const commands = steps.flatMap(({ run }) => run ?? []).join('\n');

test('actionlint finds nothing in the workflows', { skip: skipWithoutTools() }, () => {
  const files = readdirSync(WORKFLOWS).map((name) => `${WORKFLOWS}/${name}`);
  assert.ok(files.length > 0);
  // Without programs that happen to be on one machine and not on another.
  const { status, stdout } = spawnSync(tool('actionlint'), ['-shellcheck=', '-pyflakes=', ...files], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, stdout);
});

test('every job has the rights that it names, and a time by which it ends', () => {
  assert.deepEqual(release.permissions, {});
  for (const job of jobs) assert.ok(job.permissions !== undefined && job['timeout-minutes'] !== undefined);
});

test('every action has a version', () => {
  for (const { uses } of steps) if (uses !== undefined) assert.match(uses, /^[\w-]+\/[\w-]+@v\d+$/);
});

test('what comes from outside reaches a shell as a variable, never as text of the script', () => {
  assert.doesNotMatch(commands, /\$\{\{/);
});

test('the package has provenance, the image is signed, and both have a bill of materials', () => {
  assert.match(commands, /npm publish --provenance/);
  assert.match(commands, /cosign sign --yes "\$IMAGE@\$DIGEST"/);
  for (const action of ['actions/attest-build-provenance', 'actions/attest-sbom']) {
    const uses = steps.filter(({ uses: used }) => used?.startsWith(`${action}@`) === true);
    const subjects = uses.map((step) =>
      Object.keys(step.with ?? {}).find((name) => /^subject-(path|name)$/.test(name)),
    );
    assert.deepEqual(subjects, ['subject-path', 'subject-name']);
  }
});

test('the image is built for both kinds of machine from the Dockerfile that the tests build', () => {
  const build = steps.find(({ uses }) => uses?.startsWith('docker/build-push-action@') === true);
  assert.equal(build?.with?.['platforms'], 'linux/amd64,linux/arm64');
  assert.equal(build?.with?.['file'], 'deploy/Dockerfile');
});

test('the lines that the release changes in the chart are there', () => {
  const values = readFileSync(`${ROOT}/deploy/helm/streamlens/values.yaml`, 'utf8');
  assert.match(values, /^ {2}repository: streamlens$/m);
  assert.match(values, /^ {2}digest: ""$/m);
});
