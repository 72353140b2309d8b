import { TOPICS, type Topic } from '../../events/topics.ts';
import { payloadOf } from '../../events/wire-format.ts';
import type { ErasureSubject } from '../../metrics-store/erasure.ts';

/** What a record of the log is to a judge. */
export interface JudgedRecord {
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly senderTenant: Uint8Array | null;
}

/** `drop`: nothing of it stays but its place. Bytes: it stays with these instead. */
export type Judgement = 'keep' | 'drop' | Uint8Array;

/**
 * Says of each record whether it belongs to the subject. Not every record says so itself: a response names its call and
 * not its tenant, a span below another may leave that to the one above. So all lessons are learnt, one after the other,
 * before any record is judged.
 */
export interface ErasureJudge {
  readonly lessons: readonly Lesson[];
  judge(topic: Topic, record: JudgedRecord): Judgement;
}

/** What is learnt from all records of a topic. */
export interface Lesson {
  readonly topic: Topic;
  readonly learn: (record: JudgedRecord) => void;
}

export function erasureJudge(subject: ErasureSubject): ErasureJudge {
  return subject.kind === 'tenant' ? new TenantJudge(subject.tenantId) : new UserJudge(subject.userIdHash);
}

type Fields = Readonly<Record<string, unknown>>;

/** A tenant's records are dropped. */
class TenantJudge implements ErasureJudge {
  readonly #tenantId: string;
  readonly #needle: Needle;
  /** Of its calls, for what names only these. An id belongs to its tenant, so others may use the same. */
  readonly #ids = new Set<string>();
  /** Those that other tenants use too: a response that names nobody may be theirs, and stays. */
  readonly #sharedIds = new Set<string>();
  readonly #traces = new Traces();
  readonly lessons: readonly Lesson[] = [
    { topic: TOPICS.requests, learn: (record) => this.#noteId(record) },
    { topic: TOPICS.requests, learn: (record) => this.#noteSharedId(record) },
    { topic: TOPICS.reports, learn: (record) => this.#noteTrace(record) },
  ];

  constructor(tenantId: string) {
    this.#tenantId = tenantId;
    this.#needle = new Needle(tenantId);
  }

  judge(topic: Topic, record: JudgedRecord): Judgement {
    return this.#isErased(topic, record) ? 'drop' : 'keep';
  }

  #noteId(record: JudgedRecord): void {
    if (this.#isOwn(record)) this.#ids.add(textOf(record.key));
  }

  #noteSharedId(record: JudgedRecord): void {
    const id = textOf(record.key);
    if (this.#ids.has(id) && !this.#isOwn(record)) this.#sharedIds.add(id);
  }

  #noteTrace({ value }: JudgedRecord): void {
    const report = fieldsOf(value);
    this.#traces.note(report, tenantsOf(report), this.#tenantId);
  }

  #isErased(topic: Topic, record: JudgedRecord): boolean {
    if (topic === TOPICS.reports) {
      const report = fieldsOf(record.value);
      return this.#traces.hold(report, tenantsOf(report), this.#tenantId);
    }
    if (topic === TOPICS.deadLetters) return this.#isLetterErased(record);
    if (topic === TOPICS.responses || topic === TOPICS.evaluations) {
      const named = nameIn(record);
      if (named === null || named === '') {
        const id = textOf(record.key);
        return this.#ids.has(id) && !this.#sharedIds.has(id);
      }
      return named === this.#tenantId;
    }
    return this.#isOwn(record);
  }

  #isLetterErased({ value }: JudgedRecord): boolean {
    const letter = fieldsOf(value);
    return letter['tenant_id'] === this.#tenantId || this.#isErased(...innerOf(letter));
  }

  #isOwn(record: JudgedRecord): boolean {
    if (record.senderTenant !== null) return textOf(record.senderTenant) === this.#tenantId;
    return this.#needle.mayBeIn(record.value) && fieldsOf(record.value)['tenant_id'] === this.#tenantId;
  }
}

/**
 * A user's records stay without what says who it was: sums and bills name no user, and counting again must give the
 * same. What was kept of single calls is deleted from the store.
 */
class UserJudge implements ErasureJudge {
  readonly #user: string;
  readonly #needle: Needle;
  readonly #traces = new Traces();
  readonly lessons: readonly Lesson[] = [{ topic: TOPICS.reports, learn: (record) => this.#noteTrace(record) }];

  constructor(user: string) {
    this.#user = user;
    this.#needle = new Needle(user);
  }

  judge(topic: Topic, record: JudgedRecord): Judgement {
    if (topic === TOPICS.reports) {
      const report = fieldsOf(record.value);
      return this.#traces.hold(report, usersOf(report), this.#user) ? withoutUserOfReport(report) : 'keep';
    }
    if (topic === TOPICS.deadLetters) {
      const [inner, innerRecord] = innerOf(fieldsOf(record.value));
      return this.judge(inner, innerRecord) === 'keep' ? 'keep' : 'drop';
    }
    if (topic !== TOPICS.requests || !this.#needle.mayBeIn(record.value)) return 'keep';
    const request = fieldsOf(record.value);
    return request['user_id_hash'] === this.#user ? bytesOf(without(request, USER_FIELDS)) : 'keep';
  }

  #noteTrace({ value }: JudgedRecord): void {
    const report = fieldsOf(value);
    this.#traces.note(report, usersOf(report), this.#user);
  }
}

const USER_FIELDS = ['user_id_hash', 'session_id', 'metadata'];

function withoutUserOfReport(report: Fields): Uint8Array {
  const rest = without(report, ['metadata']);
  const { names } = report;
  if (typeof names !== 'object' || names === null) return bytesOf(rest);
  return bytesOf({ ...rest, names: without(names as Fields, ['user', 'session']) });
}

/** Traces in which a report names the subject: reports that name nobody belong to it there, unless others are named. */
class Traces {
  readonly #own = new Set<string>();
  readonly #mixed = new Set<string>();

  note(report: Fields, names: readonly string[], subject: string): void {
    if (typeof report['trace_id'] !== 'string') return;
    if (names.includes(subject)) this.#own.add(traceOf(report));
    if (names.some((name) => name !== subject)) this.#mixed.add(traceOf(report));
  }

  hold(report: Fields, names: readonly string[], subject: string): boolean {
    if (names.length > 0) return names.includes(subject);
    const trace = traceOf(report);
    return this.#own.has(trace) && !this.#mixed.has(trace);
  }
}

/** Reports of two senders never meet. */
const traceOf = (report: Fields): string => `${String(report['sender'])} ${String(report['trace_id'])}`;

/** Whom a report names, in the order of what counts: the tenant of the key, of the span, of the resource. */
function tenantsOf(report: Fields): readonly string[] {
  const names = (report['names'] ?? {}) as Fields;
  const first = [report['sender'], names['tenant'], report['tenant'], names['resource_tenant']].find(isName);
  return first === undefined ? [] : [first];
}

function usersOf(report: Fields): readonly string[] {
  return [(report['names'] as Fields | undefined)?.['user']].filter(isName);
}

const isName = (name: unknown): name is string => typeof name === 'string' && name !== '';

/** Null where neither the sender's key nor the record says whose it is. */
function nameIn({ senderTenant, value }: JudgedRecord): string | null {
  if (senderTenant !== null) return textOf(senderTenant);
  const named = fieldsOf(value)['tenant_id'];
  return typeof named === 'string' ? named : null;
}

/** The record that a letter is about. */
function innerOf(letter: Fields): [topic: Topic, record: JudgedRecord] {
  const bytes = (text: unknown): Uint8Array | null => (typeof text === 'string' ? Buffer.from(text, 'base64') : null);
  const topic = Object.values(TOPICS).find((each) => each === letter['topic'] && each !== TOPICS.deadLetters);
  const record = { key: bytes(letter['key_base64']), value: bytes(letter['value_base64']), senderTenant: null };
  return [topic ?? TOPICS.requests, record];
}

/** A quick look for a text in JSON; false only where it cannot be there, however it is escaped. */
class Needle {
  readonly #bytes: Buffer;

  constructor(text: string) {
    this.#bytes = Buffer.from(JSON.stringify(text).slice(1, -1));
  }

  mayBeIn(value: Uint8Array | null): boolean {
    if (value === null) return false;
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return bytes.includes(this.#bytes) || bytes.includes(BACKSLASH);
  }
}

const BACKSLASH = 0x5c;

/** Of the JSON in either form of a value; none where it is no object. */
function fieldsOf(value: Uint8Array | null): Fields {
  if (value === null) return {};
  try {
    const fields: unknown = JSON.parse(textOf(payloadOf(value)));
    return typeof fields === 'object' && fields !== null ? (fields as Fields) : {};
  } catch {
    return {};
  }
}

function without(fields: Fields, names: readonly string[]): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !names.includes(name)));
}

function textOf(bytes: Uint8Array | null): string {
  return bytes === null ? '' : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}

function bytesOf(fields: Fields): Uint8Array {
  return Buffer.from(JSON.stringify(fields));
}
