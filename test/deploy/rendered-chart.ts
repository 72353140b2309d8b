import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { tool } from './deploy-tools.ts';

export const CHART = fileURLToPath(new URL('../../deploy/helm/streamlens', import.meta.url));

export interface Manifest {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: Readonly<Record<string, unknown>>;
}

export interface Container {
  readonly name: string;
  readonly args: readonly string[];
  readonly env: readonly EnvironmentVariable[];
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[];
  readonly securityContext: Readonly<Record<string, unknown>>;
  readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
  readonly readinessProbe?: Probe;
  readonly livenessProbe?: Probe;
}

export interface EnvironmentVariable {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly secretKeyRef: { readonly name: string; readonly key: string } };
}

interface Probe {
  readonly httpGet: { readonly path: string; readonly port: string };
}

export interface PodSpec {
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
  readonly volumes: readonly { readonly name: string }[];
  readonly terminationGracePeriodSeconds?: number;
  readonly automountServiceAccountToken: boolean;
}

/** By their values: many tests look at the same few. */
const rendered = new Map<string, string>();

/** What Helm makes of the chart with these `--set` values. @throws what it says */
export function render(values: readonly string[]): string {
  const key = JSON.stringify(values);
  const known = rendered.get(key);
  if (known !== undefined) return known;
  const { status, stdout, stderr } = helmTemplate(values);
  if (status !== 0) throw new Error(stderr);
  rendered.set(key, stdout);
  return stdout;
}

export function helmTemplate(values: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const set = values.flatMap((value) => ['--set', value]);
  return spawnSync(tool('helm'), ['template', 'demo', CHART, '--namespace', 'obs', ...set], { encoding: 'utf8' });
}

export function manifestsOf(text: string): Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((manifest) => manifest !== null);
}

/** The pods of each workload. */
export function podsOf(manifests: readonly Manifest[]): { readonly workload: Manifest; readonly pod: PodSpec }[] {
  return manifests.flatMap((workload) => {
    const { template } = (workload.spec ?? {}) as { template?: { spec?: PodSpec } };
    return template?.spec === undefined ? [] : [{ workload, pod: template.spec }];
  });
}

export function containersOf({ containers, initContainers = [] }: PodSpec): Container[] {
  return [...initContainers, ...containers];
}
