import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { skipFor } from '../../scripts/services/available-services.ts';

/** Where `scripts/deploy-tools.sh` puts what it brings. */
export const TOOLS = fileURLToPath(new URL('../../node_modules/.cache/deploy-tools', import.meta.url));

export function tool(name: 'helm' | 'kubeconform' | 'kube-score' | 'actionlint' | 'hclfmt'): string {
  return `${TOOLS}/bin/${name}`;
}

/** For node:test's `skip`. @throws as `skipFor` does */
export function skipWithoutTools(): string | false {
  const isThere = existsSync(tool('kube-score')) && existsSync(tool('helm'));
  return isThere ? false : skipFor('scripts/deploy-tools.sh was not run');
}
