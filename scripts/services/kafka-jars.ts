import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { fetchOnce } from './fetch-once.ts';
import { servicesDirectory } from './services-directory.ts';

const run = promisify(execFile);
const POM = fileURLToPath(new URL('pom.xml', import.meta.url));

/** Why no broker can be started here, or null. Looks only for the programs, so it takes a second at most. */
export async function kafkaObstacle(): Promise<string | null> {
  const java = await versionOf('java', ['-version']);
  if (java === null) return 'there is no `java` (17 or newer is needed) on the PATH';
  if (java < 17) return `java ${java} is too old: Kafka 4 needs 17 or newer`;
  if (existsSync(jarsDirectory())) return null;
  return (await versionOf('mvn', ['-version'])) === null ? 'there is no `mvn` on the PATH to fetch Kafka with' : null;
}

/** The class path of a broker. Fetches the jars with Maven the first time, later runs find them in `.services/`. */
export async function kafkaClassPath(): Promise<string> {
  const directory = jarsDirectory();
  await fetchOnce(directory, 'Kafka', (fetched) => [
    '-f',
    POM,
    'dependency:copy-dependencies',
    `-DoutputDirectory=${fetched}`,
  ]);
  return join(directory, '*');
}

/** Named after the pom's content, so that another version there means another folder. */
function jarsDirectory(): string {
  const digest = createHash('sha256').update(readFileSync(POM)).digest('hex').slice(0, 12);
  return join(servicesDirectory(), `kafka-jars-${digest}`);
}

/** The major version that a program prints, or null where it cannot be run. */
async function versionOf(program: string, options: readonly string[]): Promise<number | null> {
  try {
    const { stdout, stderr } = await run(program, options, { timeout: 20_000 });
    return Number(/(\d+)\.\d+/.exec(stdout + stderr)?.[1] ?? 0);
  } catch {
    return null;
  }
}
