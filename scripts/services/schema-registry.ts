import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOk } from './answers-ok.ts';
import { fetchOnce } from './fetch-once.ts';
import { freePorts } from './free-ports.ts';
import { ServiceProcess } from './service-process.ts';
import { servicesDirectory } from './services-directory.ts';

export interface RunningSchemaRegistry {
  /** For `SCHEMA_REGISTRY_URL`. */
  readonly url: string;
  stop(): Promise<void>;
}

/** The newest release of Apicurio Registry that Java 17 runs and that has its application among its Maven artifacts. */
const VERSION = '2.6.13.Final';
const PLUGIN = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
/** Ready after 7 s on a quiet machine. */
const START_MS_MAX = 120_000;

/** A real registry with Confluent's API, which keeps everything in memory. It needs what Kafka needs: Java and Maven. */
export async function startSchemaRegistry(): Promise<RunningSchemaRegistry> {
  const program = join(servicesDirectory(), `apicurio-registry-${VERSION}`);
  await fetchOnce(program, 'the schema registry', (fetched) => [
    `${PLUGIN}:unpack`,
    `-Dartifact=io.apicurio:apicurio-registry-app:${VERSION}:tar.gz:all`,
    `-DoutputDirectory=${fetched}`,
  ]);
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-registry-'));
  const [port = 0] = await freePorts(1);
  const jar = join(program, `apicurio-registry-app-${VERSION}-runner.jar`);
  const http = [`-Dquarkus.http.host=127.0.0.1`, `-Dquarkus.http.port=${port}`];
  const registry = new ServiceProcess({
    program: 'java',
    options: ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Xmx384m', ...http, '-jar', jar],
    logFile: join(directory, 'registry.log'),
    detached: false,
  });
  const stop = async (): Promise<void> => {
    await registry.end('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  registry.start();
  const url = `http://127.0.0.1:${port}/apis/ccompat/v7`;
  await registry
    .waitUntil(() => answersOk(`${url}/subjects`), START_MS_MAX)
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  return { url, stop };
}
