import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { ChildProgram } from './child-program.ts';
import { ROOT } from './program.ts';

interface Point {
  readonly asInt?: string | number;
  readonly asDouble?: number;
}
interface Export {
  readonly resourceMetrics?: readonly {
    readonly scopeMetrics?: readonly {
      readonly metrics?: readonly {
        readonly name?: string;
        readonly sum?: { readonly dataPoints?: readonly Point[] };
      }[];
    }[];
  }[];
}

/** Builds the collector with Go. @returns the program */
export async function buildCollector(): Promise<string> {
  const program = join(tmpdir(), 'streamlens-bench-collector');
  await promisify(execFile)('go', ['build', '-o', program, '.'], {
    cwd: join(ROOT, 'bench/peers/collector'),
    timeout: 1_200_000,
  });
  return program;
}

/** A collector that counts spans by tenant, route and model, and sends the totals here every second. */
export class RunningCollector {
  readonly service: ChildProgram;
  readonly port: number;
  /** Spans in the newest totals. */
  spans = 0;
  readonly #receiver: Server;
  readonly #directory: string;

  private constructor(parts: { service: ChildProgram; port: number; receiver: Server; directory: string }) {
    this.service = parts.service;
    this.port = parts.port;
    this.#receiver = parts.receiver;
    this.#directory = parts.directory;
    this.#receiver.on('request', (request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        this.spans = Math.max(this.spans, callsIn(JSON.parse(Buffer.concat(chunks).toString()) as Export));
        response.setHeader('content-type', 'application/json');
        response.end('{}');
      });
    });
  }

  static async start(program: string): Promise<RunningCollector> {
    const [port = 0, receiverPort = 0] = await freePorts(2);
    const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-collector-'));
    const config = join(directory, 'collector.yaml');
    writeFileSync(config, configuration(port, receiverPort));
    const receiver = createServer();
    receiver.listen(receiverPort, '127.0.0.1');
    const readyUrl = `http://127.0.0.1:${port}/v1/traces`;
    const service = await ChildProgram.start({ program, options: ['--config', `file:${config}`] });
    const started = new RunningCollector({ service, port, receiver, directory });
    for (let i = 0; i < 500; i++) {
      // A GET is refused once it listens.
      if (
        await fetch(readyUrl).then(
          () => true,
          () => false,
        )
      )
        return started;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    throw new Error(`The collector did not start:\n${service.log}`);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    this.#receiver.closeAllConnections();
    this.#receiver.close();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

function configuration(port: number, receiverPort: number): string {
  return `
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } }
connectors:
  spanmetrics:
    metrics_flush_interval: 1s
    resource_metrics_key_attributes: [ service.name ]
    histogram: { exponential: { max_size: 160 } }
    dimensions: [ { name: tenant.id }, { name: route }, { name: gen_ai.response.model } ]
exporters:
  otlp_http: { endpoint: 'http://127.0.0.1:${receiverPort}', encoding: json, compression: none }
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    traces: { receivers: [otlp], exporters: [spanmetrics] }
    metrics: { receivers: [spanmetrics], exporters: [otlp_http] }
`;
}

function callsIn({ resourceMetrics = [] }: Export): number {
  return resourceMetrics
    .flatMap(({ scopeMetrics = [] }) => scopeMetrics)
    .flatMap(({ metrics = [] }) => metrics)
    .filter(({ name }) => name?.endsWith('calls') === true)
    .flatMap(({ sum }) => sum?.dataPoints ?? [])
    .reduce((total, { asInt, asDouble }) => total + Number(asInt ?? asDouble ?? 0), 0);
}
