import { writeFileSync } from 'node:fs';
import { storedColumns } from './stored-columns.ts';

/** `node scripts/write-stored-columns.ts`: writes down as types which columns the schemas of both SQL stores have. */
writeFileSync(new URL('../src/metrics-store/stored-columns.ts', import.meta.url), storedColumns());
