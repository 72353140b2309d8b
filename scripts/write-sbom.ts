import { writeFileSync } from 'node:fs';
import { sbom } from './sbom.ts';

/** `node scripts/write-sbom.ts FILE`: for a release, after the build. */
const [file] = process.argv.slice(2);
if (file === undefined) {
  console.error('Usage: node scripts/write-sbom.ts FILE');
  process.exitCode = 2;
} else writeFileSync(file, `${JSON.stringify(sbom(), null, 2)}\n`);
