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

/** Builds the collector with Go, with its Kafka exporter where a tag says so. @returns the program */
export async function buildCollector(tag: 'kafka' | null = null): Promise<string> {
  const program = join(tmpdir(), `streamlens-bench-collector${tag === null ? '' : `-${tag}`}`);
  const tags = tag === null ? [] : ['-tags', tag];
  await promisify(execFile)('go', ['build', ...tags, '-o', program, '.'], {
    cwd: join(ROOT, 'bench/peers/collector'),
    timeout: 1_200_000,
  });
  return program;
}

/** A collector with a configuration of its own. */
export class RunningCollector {
  readonly service: ChildProgram;
  readonly port: number;
  readonly #directory: string;

  private constructor(service: ChildProgram, port: number, directory: string) {
    this.service = service;
    this.port = port;
    this.#directory = directory;
  }

  /** @param configuration its YAML, when it takes OTLP over HTTP at this port */
  static async start(program: string, configuration: (port: number) => string): Promise<RunningCollector> {
    const [port = 0] = await freePorts(1);
    const directory = mkdtempSync(join(tmpdir(), 'streamlens-bench-collector-'));
    const config = join(directory, 'collector.yaml');
    writeFileSync(config, configuration(port));
    const service = await ChildProgram.start({ program, options: ['--config', `file:${config}`] });
    const started = new RunningCollector(service, port, directory);
    // A GET is refused once it listens.
    const listens = (): Promise<boolean> => fetch(`http://127.0.0.1:${port}/v1/traces`).then(answered, failed);
    for (let i = 0; i < 500; i++) {
      if (await listens()) return started;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const { log } = service;
    await started.stop();
    throw new Error(`The collector did not start:\n${log}`);
  }

  async stop(): Promise<void> {
    await this.service.stop();
    rmSync(this.#directory, { recursive: true, force: true });
  }
}

const answered = (): boolean => true;
const failed = (): boolean => false;

/** A collector that counts spans by tenant, route and model, and sends the totals here every second. */
export class CountingCollector {
  readonly running: RunningCollector;
  /** Spans in the newest totals. */
  spans = 0;
  readonly #receiver: Server;

  private constructor(running: RunningCollector, receiver: Server) {
    this.running = running;
    this.#receiver = receiver;
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

  static async start(program: string): Promise<CountingCollector> {
    const [receiverPort = 0] = await freePorts(1);
    const receiver = createServer();
    receiver.listen(receiverPort, '127.0.0.1');
    const running = await RunningCollector.start(program, (port) => counting(port, receiverPort));
    return new CountingCollector(running, receiver);
  }

  async stop(): Promise<void> {
    await this.running.stop();
    this.#receiver.closeAllConnections();
    this.#receiver.close();
  }
}

function counting(port: number, receiverPort: number): string {
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

/**
 * Spans into a topic, as durable as ours: without a queue the sender is answered after the broker has the spans, from all
 * its replicas. A body becomes one record, which is the cheapest that it offers.
 */
export function intoTopic(bootstrap: string, topic: string): (port: number) => string {
  return (port) => `
receivers:
  otlp: { protocols: { http: { endpoint: '127.0.0.1:${port}' } } }
exporters:
  kafka:
    brokers: [ '${bootstrap}' ]
    traces: { topic: ${topic}, encoding: otlp_proto }
    producer: { required_acks: -1, compression: lz4 }
    sending_queue: { enabled: false }
service:
  telemetry: { metrics: { level: none }, logs: { level: error } }
  pipelines:
    traces: { receivers: [otlp], exporters: [kafka] }
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
