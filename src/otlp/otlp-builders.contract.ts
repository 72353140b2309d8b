import protobuf from 'protobufjs/minimal.js';
import { AttributeList } from './decode/attribute-list.ts';
import { resourceOf } from './decode/process-key.ts';
import type { AttributeValue, OtlpSpan } from './decode/trace-export.ts';

/** A span of a chat call, one day in 2026; give what matters to the test. */
export function aSpan(given: Partial<Omit<OtlpSpan, 'attributes' | 'scope' | 'resource'>> & SpanParts = {}): OtlpSpan {
  const { attributes = { 'gen_ai.operation.name': 'chat' }, scopeName = 'test', resource = {}, ...fields } = given;
  return {
    traceId: 'a'.repeat(32),
    spanId: 'b'.repeat(16),
    parentSpanId: '',
    name: 'chat',
    kind: 3,
    startMs: 1_795_486_623_927.5,
    durationMs: 100,
    statusCode: 0,
    statusMessage: '',
    events: [],
    ...fields,
    attributes: AttributeList.of(Object.entries(attributes)),
    scope: { name: scopeName, version: '' },
    resource: resourceOf(AttributeList.of(Object.entries(resource))),
  };
}

export interface SpanParts {
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
  readonly scopeName?: string;
  readonly resource?: Readonly<Record<string, AttributeValue>>;
}

/** Sixteen hex digits that a test can read. */
export function spanId(n: number): string {
  return n.toString(16).padStart(16, '0');
}

/** Writes one length-delimited protobuf field around what `write` writes. */
export function field(number: number, write: (writer: protobuf.Writer) => void): Uint8Array {
  const writer = protobuf.Writer.create()
    .uint32((number << 3) | 2)
    .fork();
  write(writer);
  return writer.ldelim().finish();
}
