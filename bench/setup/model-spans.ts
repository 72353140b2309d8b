import { Oracle } from '../data/oracle.ts';
import { SeededRandom } from '../data/seeded-random.ts';

/** OTLP bodies of GenAI chat spans with 14 attributes, as the Python instrumentation sends them without content. */
export interface SpanBodies {
  readonly bodies: Buffer[];
  readonly spans: number;
  readonly oracle: Oracle;
}

const MODELS = [
  { system: 'openai', model: 'gpt-4.1-mini' },
  { system: 'anthropic', model: 'claude-sonnet-4-5' },
  { system: 'gcp.gemini', model: 'gemini-2.5-flash' },
] as const;
const ROUTES = ['chat_support', 'summarise', 'search', 'agent_step'];
const TENANT_COUNT = 5;
/** A body is one process's export. */
const PROCESSES = 200;

interface SpanBodiesOptions {
  /** Many small lots come from one generator: those of different seeds say the same numbers here and there. */
  readonly random: SeededRandom;
  readonly bodies: number;
  readonly spansPerBody: number;
}

export function spanBodies({ seed, ...options }: Omit<SpanBodiesOptions, 'random'> & { seed: number }): SpanBodies {
  return nextSpanBodies({ random: new SeededRandom(seed), ...options });
}

export function nextSpanBodies({ random, ...options }: SpanBodiesOptions): SpanBodies {
  const oracle = new Oracle();
  const bodies = Array.from({ length: options.bodies }, () => {
    const spans = Array.from({ length: options.spansPerBody }, () => field(2, span(random, oracle)));
    const scope = field(1, Buffer.concat([text(1, 'opentelemetry.instrumentation.openai_v2'), text(2, '2.1b0')]));
    const process = attribute('service.instance.id', `replica-${random.below(PROCESSES)}`);
    const service = Buffer.concat([attribute('service.name', 'shop'), attribute('telemetry.sdk.language', 'python')]);
    const resource = field(1, Buffer.concat([service, process]));
    return field(1, Buffer.concat([resource, field(2, Buffer.concat([scope, ...spans]))]));
  });
  return { bodies, spans: options.bodies * options.spansPerBody, oracle };
}

function span(random: SeededRandom, oracle: Oracle): Buffer {
  const { system, model } = MODELS[random.below(MODELS.length)] ?? MODELS[0];
  const route = ROUTES[random.below(ROUTES.length)] as string;
  const tenant = `tenant-${random.below(TENANT_COUNT)}`;
  const startMs = Date.now() - random.below(60_000);
  const latencyMs = Math.max(1, Math.round(random.logNormal(800, 0.8)));
  const promptTokens = 1 + random.below(4000);
  const completionTokens = 1 + random.below(1000);
  const row = oracle.rowOf(`${tenant}|${route}|${model}`, startMs);
  row.requests++;
  row.completed++;
  row.promptTokens += promptTokens;
  row.completionTokens += completionTokens;
  return Buffer.concat([
    bytes(1, randomBytes(random, 16)),
    bytes(2, randomBytes(random, 8)),
    text(5, `chat ${model}`),
    varintField(6, 3),
    fixed64(7, startMs),
    fixed64(8, startMs + latencyMs),
    spanAttribute('gen_ai.operation.name', 'chat'),
    spanAttribute('gen_ai.system', system),
    spanAttribute('gen_ai.request.model', model),
    spanAttribute('gen_ai.response.model', model),
    spanAttribute('gen_ai.response.id', `chatcmpl-${random.below(2 ** 31)}`),
    spanAttribute('gen_ai.request.temperature', '0.7'),
    spanAttribute('server.address', 'api.openai.com'),
    spanAttribute('gen_ai.usage.input_tokens', promptTokens),
    spanAttribute('gen_ai.usage.output_tokens', completionTokens),
    spanAttribute('tenant.id', tenant),
    spanAttribute('route', route),
    spanAttribute('enduser.id', `user-${random.below(10_000)}`),
    spanAttribute('deployment.environment', 'production'),
    spanAttribute('http.status_code', 200),
  ]);
}

function randomBytes(random: SeededRandom, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

const spanAttribute = (key: string, value: string | number): Buffer => field(9, keyValue(key, value));
const attribute = (key: string, value: string): Buffer => field(1, keyValue(key, value));

function keyValue(key: string, value: string | number): Buffer {
  const any = typeof value === 'string' ? text(1, value) : varintField(3, value);
  return Buffer.concat([text(1, key), field(2, any)]);
}

/** A length-delimited field of a protobuf message. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

const bytes = field;
const text = (number: number, value: string): Buffer => field(number, Buffer.from(value));
const varintField = (number: number, value: number): Buffer => Buffer.concat([varint(number << 3), varint(value)]);

function fixed64(number: number, atMs: number): Buffer {
  const value = Buffer.alloc(8);
  value.writeBigUInt64LE(BigInt(atMs) * 1_000_000n);
  return Buffer.concat([varint((number << 3) | 1), value]);
}

function varint(value: number): Buffer {
  const out: number[] = [];
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) out.push((rest % 0x80) | 0x80);
  out.push(rest);
  return Buffer.from(out);
}
