import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The chart as plain manifests, for those who do without Helm. */

const CHART = fileURLToPath(new URL('../deploy/helm/streamlens', import.meta.url));
const NAMESPACE = 'streamlens';

export const MANIFESTS = {
  'single.yaml': { about: 'One process with its data on a volume.', values: [] },
  'distributed.yaml': {
    about: `Three roles on Kafka and Postgres. Change KAFKA_BROKERS (kafka:9092) to yours, and make the Secret first:
#   kubectl -n ${NAMESPACE} create secret generic streamlens-postgres --from-literal=dsn='postgres://user:password@host:5432/streamlens'`,
    values: ['mode=distributed', 'kafka.brokers=kafka:9092', 'postgres.existingSecret=streamlens-postgres'],
  },
} as const;

/** Nobody gets in who may do more than these pods need. */
const NAMESPACE_MANIFEST = `apiVersion: v1
kind: Namespace
metadata:
  name: ${NAMESPACE}
  labels:
    pod-security.kubernetes.io/enforce: restricted
`;

/** @param helm where the program is @throws what Helm says */
export function renderManifest(helm: string, name: keyof typeof MANIFESTS): string {
  const { about, values } = MANIFESTS[name];
  const set = values.flatMap((value) => ['--set', value]);
  const args = ['template', 'streamlens', CHART, '--namespace', NAMESPACE, ...set];
  const rendered = execFileSync(helm, args, { encoding: 'utf8' });
  // Words for Helm alone.
  const plain = rendered.replaceAll(/^ +(helm\.sh\/.*|app\.kubernetes\.io\/managed-by: Helm)\n/gm, '');
  const withoutEmpty = plain.replaceAll(/^ +annotations:\n(?=[a-z]|---)/gm, '');
  return `# Written by scripts/write-manifests.ts from deploy/helm/streamlens. Change it there.
#
# ${about}
# The image is the one of deploy/Dockerfile: push it to your registry and write its name instead of streamlens.
${NAMESPACE_MANIFEST}${withoutEmpty}`;
}
