import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { answersOk } from './answers-ok.ts';
import { freePorts } from './free-ports.ts';
import { ServiceProcess } from './service-process.ts';

/** Null where Prometheus and its promtool are installed, else why the suite cannot run. */
export function prometheusObstacle(): string | null {
  try {
    for (const program of ['prometheus', 'promtool']) execFileSync(program, ['--version'], { stdio: 'ignore' });
    return null;
  } catch {
    return 'prometheus and promtool are not installed (Debian: apt-get install prometheus)';
  }
}

export interface RunningPrometheus {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_MS_MAX = 120_000;

/** Starts a Prometheus that takes native histograms, in a directory of its own. @param config as prometheus.yml */
export async function startPrometheus(config: object): Promise<RunningPrometheus> {
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-prometheus-'));
  const file = join(directory, 'prometheus.yml');
  // YAML is a superset of JSON.
  writeFileSync(file, JSON.stringify(config));
  const [port = 0] = await freePorts(1);
  const prometheus = new ServiceProcess({
    program: 'prometheus',
    options: [
      `--config.file=${file}`,
      `--storage.tsdb.path=${join(directory, 'data')}`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--enable-feature=native-histograms',
      '--log.level=error',
    ],
    logFile: join(directory, 'prometheus.log'),
    detached: false,
  });
  const stop = async (): Promise<void> => {
    await prometheus.end('SIGKILL');
    rmSync(directory, { recursive: true, force: true });
  };
  prometheus.start();
  const url = `http://127.0.0.1:${port}`;
  await prometheus
    .waitUntil(() => answersOk(`${url}/-/ready`), READY_MS_MAX)
    .catch(async (error: unknown) => {
      await stop();
      throw error;
    });
  return { url, stop };
}
