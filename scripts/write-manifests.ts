import { writeFileSync } from 'node:fs';
import { MANIFESTS, renderManifest } from './render-manifests.ts';

/** `node scripts/write-manifests.ts`, after `scripts/deploy-tools.sh`: renders the chart into `deploy/kubernetes`. */
const helm = new URL('../node_modules/.cache/deploy-tools/bin/helm', import.meta.url).pathname;
for (const name of Object.keys(MANIFESTS) as (keyof typeof MANIFESTS)[]) {
  writeFileSync(new URL(`../deploy/kubernetes/${name}`, import.meta.url), renderManifest(helm, name));
}
