import { installPython, PACKAGE_LISTS } from './python-environments.ts';
import { installNodeApps, NODE_FOLDERS, skipWithoutSdks } from './sdk-apps.ts';

/**
 * Installs what the tests of SDKs need, where they are wanted: `scripts/run-tests.ts` begins it beside the tests that
 * come before them, since most of the time goes in waiting for downloads. A test that comes first waits for what it
 * needs, or installs it; so a failure is told there.
 */
if (skipWithoutSdks() === false) {
  for (const list of PACKAGE_LISTS) await installPython(list);
  for (const folder of NODE_FOLDERS) await installNodeApps(folder);
}
