import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { servicesDirectory } from './services-directory.ts';

const run = promisify(execFile);
const POM = fileURLToPath(new URL('pom.xml', import.meta.url));
/** A first download takes about 20 s; a slow registry may take minutes. */
const DOWNLOAD_MS_MAX = 300_000;

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
  const lock = `${directory}.fetching`;
  const giveUpAtMs = Date.now() + DOWNLOAD_MS_MAX;
  while (!existsSync(directory)) {
    if (takeLock(lock)) {
      try {
        await fetchJars(directory);
      } finally {
        rmSync(lock, { recursive: true });
      }
    } else if (Date.now() > giveUpAtMs) {
      throw new Error(`Another process has been fetching Kafka for ${DOWNLOAD_MS_MAX} ms. If none is, remove ${lock}`);
    } else await sleep(200);
  }
  return join(directory, '*');
}

/** Test files run side by side, and Maven's local repository does not bear two writers well. */
function takeLock(lock: string): boolean {
  try {
    mkdirSync(lock);
    return true;
  } catch {
    return false;
  }
}

async function fetchJars(directory: string): Promise<void> {
  if (existsSync(directory)) return;
  const fetched = mkdtempSync(join(servicesDirectory(), 'partial-'));
  const goal = ['-q', '-B', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${fetched}`];
  await run('mvn', goal, { timeout: DOWNLOAD_MS_MAX });
  // Moved when complete: a broken download must not look like a good one.
  renameSync(fetched, directory);
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
