import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { ChildProgram } from './child-program.ts';
import { installPythonPeer } from './python-peer.ts';

/** Installs Arize Phoenix (850 MB). @returns the program */
export async function installPhoenix(): Promise<string> {
  return join(await installPythonPeer('phoenix'), 'phoenix');
}

/** `phoenix serve` with SQLite in a folder of its own, as its documentation starts it on one machine. */
export class RunningPhoenix {
  readonly service: ChildProgram;
  readonly port: number;
  readonly #directory: string;

  private constructor(service: ChildProgram, port: number, directory: string) {
    this.service = service;
    this.port = port;
    this.#directory = directory;
  }

  static async start(program: string): Promise<RunningPhoenix> {
    const [port = 0, grpcPort = 0] = await freePorts(2);
    const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-phoenix-'));
    const service = await ChildProgram.start({
      program,
      options: ['serve'],
      env: {
        PHOENIX_WORKING_DIR: directory,
        PHOENIX_HOST: '127.0.0.1',
        PHOENIX_PORT: String(port),
        PHOENIX_GRPC_PORT: String(grpcPort),
        PHOENIX_TELEMETRY_ENABLED: 'false',
        PHOENIX_ALLOW_EXTERNAL_RESOURCES: 'false',
      },
      readyUrl: `http://127.0.0.1:${port}/readyz`,
    });
    return new RunningPhoenix(service, port, directory);
  }

  /** What its page shows for the project that everything goes to. */
  async totals(): Promise<{ calls: number; tokens: number; costUsd: number }> {
    const query =
      '{ projects { edges { node { recordCount tokenCountPrompt tokenCountCompletion costSummary { total { cost } } } } } }';
    const answer = await fetch(`http://127.0.0.1:${this.port}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    });
    const { data } = (await answer.json()) as { data: Projects };
    const totals = { calls: 0, tokens: 0, costUsd: 0 };
    for (const { node } of data.projects.edges) {
      totals.calls += node.recordCount;
      totals.tokens += node.tokenCountPrompt + node.tokenCountCompletion;
      totals.costUsd += node.costSummary.total.cost ?? 0;
    }
    return totals;
  }

  async stop(): Promise<void> {
    await this.service.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

interface Projects {
  readonly projects: {
    readonly edges: readonly {
      readonly node: {
        readonly recordCount: number;
        readonly tokenCountPrompt: number;
        readonly tokenCountCompletion: number;
        readonly costSummary: { readonly total: { readonly cost: number | null } };
      };
    }[];
  };
}
