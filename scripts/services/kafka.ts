import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Admin } from '@platformatic/kafka';
import { freePorts } from './free-ports.ts';
import { kafkaClassPath } from './kafka-jars.ts';
import { type NodePorts, nodeProperties } from './kafka-properties.ts';
import { ServiceProcess } from './service-process.ts';

export interface KafkaOptions {
  readonly brokers: 1 | 3;
  /** Starts brokers of its own even where `KAFKA_BROKERS` names some: for tests that kill them. */
  readonly own?: boolean;
  /** Lives on when this process ends. */
  readonly detached?: boolean;
  /** Per broker, in MiB. */
  readonly heapMib?: number;
  /** Only the first JIT tier: starts faster and takes less CPU in short tests; not for measurements. */
  readonly quickJit?: boolean;
  /** Added to each broker's `server.properties`. */
  readonly properties?: Readonly<Record<string, string>>;
  /** SCRAM-SHA-256, SCRAM-SHA-512 and PLAIN users; with any, clients must authenticate. */
  readonly users?: Readonly<Record<string, string>>;
  /** A PEM file with the brokers' key (PKCS 8) and certificate chain, valid for 127.0.0.1; with it clients speak TLS. */
  readonly tls?: { readonly pemFile: string; readonly caFile: string };
}

interface Broker {
  readonly id: number;
  readonly pid: number;
  readonly port: number;
  /** Ends it at once by default; `SIGSTOP` and `SIGCONT` suspend and resume it. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts it again on the same port with the same data, and waits until it answers. */
  restart(): Promise<void>;
}

export interface RunningKafka {
  /** For `KAFKA_BROKERS`. */
  readonly bootstrap: string;
  /** Empty where the brokers are those of the environment, which no test may kill. */
  readonly brokers: readonly Broker[];
  /** Where the brokers keep everything; null for those of the environment. */
  readonly directory: string | null;
  stop(): Promise<void>;
}

/** One broker is ready after 3 to 6 s on a quiet machine. */
const START_MS_MAX = 90_000;

/** The brokers named in `KAFKA_BROKERS`, else new ones (KRaft, loopback, free ports). @throws when they do not start. */
export async function startKafka(options: KafkaOptions): Promise<RunningKafka> {
  const named = process.env['KAFKA_BROKERS'];
  if (named && options.own !== true) return { bootstrap: named, brokers: [], directory: null, stop: async () => {} };
  const classPath = await kafkaClassPath();
  const directory = mkdtempSync(join(tmpdir(), 'streamlens-kafka-'));
  const ports = await freePorts(options.brokers * 2);
  const nodes: NodePorts[] = Array.from({ length: options.brokers }, (_, index) => ({
    id: index + 1,
    clientPort: ports[index * 2] ?? 0,
    controllerPort: ports[index * 2 + 1] ?? 0,
  }));
  for (const node of nodes) {
    mkdirSync(nodeDirectory(directory, node.id), { recursive: true });
    writeFileSync(
      join(nodeDirectory(directory, node.id), 'server.properties'),
      nodeProperties(node, nodes, directory, options),
    );
  }
  await formatStorage(directory, nodes, classPath, options.users ?? {});
  const cluster = nodes.map((node) => new ClusterNode(node, directory, classPath, options));
  for (const node of cluster) node.start();
  try {
    await Promise.all(cluster.map((node) => node.waitUntilReady(nodes.length)));
  } catch (error) {
    await stopAll(cluster, directory);
    throw error;
  }
  const bootstrap = nodes.map((node) => `127.0.0.1:${node.clientPort}`).join(',');
  return { bootstrap, brokers: cluster, directory, stop: () => stopAll(cluster, directory) };
}

class ClusterNode implements Broker {
  readonly id: number;
  readonly port: number;
  readonly #options: KafkaOptions;
  readonly #process: ServiceProcess;

  constructor(node: NodePorts, directory: string, classPath: string, options: KafkaOptions) {
    this.id = node.id;
    this.port = node.clientPort;
    this.#options = options;
    const own = nodeDirectory(directory, node.id);
    this.#process = new ServiceProcess({
      program: 'java',
      options: [...javaOptions(options), '-cp', classPath, 'kafka.Kafka', join(own, 'server.properties')],
      logFile: join(own, 'broker.log'),
      detached: options.detached ?? false,
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  start(): void {
    this.#process.start();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (signal === 'SIGKILL' || signal === 'SIGTERM') await this.#process.end(signal);
    else this.#process.signal(signal);
  }

  async restart(): Promise<void> {
    await this.#process.end();
    this.start();
    await this.waitUntilReady(1);
  }

  async waitUntilReady(brokerCount: number): Promise<void> {
    await this.#process.waitUntil(() => answers(this.port, brokerCount, this.#options), START_MS_MAX);
  }
}

function javaOptions({ heapMib = 512, quickJit = false }: KafkaOptions): string[] {
  const jit = quickJit ? ['-XX:TieredStopAtLevel=1'] : [];
  // The serial collector: with two cores shared by everything, parallel ones only take them from the clients.
  return [`-Xmx${heapMib}m`, `-Xms${Math.min(heapMib, 128)}m`, '-XX:+UseSerialGC', '-Xshare:auto', ...jit, ...LOGGING];
}

const LOGGING = ['-Dorg.slf4j.simpleLogger.defaultLogLevel=warn', '-Dorg.slf4j.simpleLogger.showDateTime=true'];

async function stopAll(cluster: readonly ClusterNode[], directory: string): Promise<void> {
  // Nothing is kept, so nothing is worth an orderly end, which takes seconds.
  await Promise.all(cluster.map((node) => node.kill('SIGKILL')));
  rmSync(directory, { recursive: true, force: true });
}

/**
 * Formats the first node with Kafka's own tool, which takes a JVM start, and copies the result to the others: their
 * metadata is the same but for the node's number and the folder's id.
 */
async function formatStorage(
  directory: string,
  nodes: readonly NodePorts[],
  classPath: string,
  users: Readonly<Record<string, string>>,
): Promise<void> {
  const first = nodeDirectory(directory, 1);
  const clusterId = uuidOfKafka();
  const scram = Object.entries(users).flatMap(([name, password]) =>
    ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((kind) => [
      '--add-scram',
      `${kind}=[name=${name},password=${password}]`,
    ]),
  );
  const tool = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', ...LOGGING, '-cp', classPath, 'kafka.tools.StorageTool'];
  const format = ['format', '-t', clusterId, '-c', join(first, 'server.properties'), ...scram];
  await promisify(execFile)('java', [...tool, ...format], { timeout: START_MS_MAX });
  for (const { id } of nodes.slice(1)) {
    const data = join(nodeDirectory(directory, id), 'data');
    cpSync(join(first, 'data'), data, { recursive: true });
    const meta = ['version=1', `cluster.id=${clusterId}`, `node.id=${id}`, `directory.id=${uuidOfKafka()}`];
    writeFileSync(join(data, 'meta.properties'), `${meta.join('\n')}\n`);
  }
}

/** Kafka writes its UUIDs in URL-safe base64; some tools take a leading dash for an option. */
function uuidOfKafka(): string {
  const text = randomBytes(16).toString('base64url');
  return text.startsWith('-') ? uuidOfKafka() : text;
}

function nodeDirectory(directory: string, id: number): string {
  return join(directory, `node-${id}`);
}

/** Whether the broker answers and knows of that many brokers. */
async function answers(port: number, brokerCount: number, { users, tls }: KafkaOptions): Promise<boolean> {
  const [username, password] = Object.entries(users ?? {})[0] ?? [];
  const admin = new Admin({
    clientId: 'services',
    bootstrapBrokers: [`127.0.0.1:${port}`],
    retries: 0,
    timeout: 2_000,
    connectTimeout: 1_000,
    ...(username && password ? { sasl: { mechanism: 'SCRAM-SHA-256' as const, username, password } } : {}),
    // Only the way to one's own child on the loopback.
    ...(tls ? { tls: { rejectUnauthorized: false } } : {}),
  });
  try {
    return (await admin.metadata({ topics: [] })).brokers.size >= brokerCount;
  } catch {
    return false;
  } finally {
    await admin.close().catch(() => undefined);
  }
}
