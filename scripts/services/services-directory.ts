import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** `.services/` of the checkout, which git ignores: jars and the state of `services.ts up`. */
export function servicesDirectory(): string {
  const directory = fileURLToPath(new URL('../../.services', import.meta.url));
  mkdirSync(directory, { recursive: true });
  return directory;
}
