import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** Where screenshots lie, for people to look at. */
export const RESULTS = fileURLToPath(new URL('../../test-results/', import.meta.url));

mkdirSync(RESULTS, { recursive: true });
