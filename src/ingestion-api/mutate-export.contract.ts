/** Changes to captured exports, chosen by numbers, so that fast-check can make them smaller. */

/** Words that every plain object knows, values at the edges of their kinds, and things of the wrong shape. */
const VALUES: readonly unknown[] = [
  null,
  true,
  '',
  '__proto__',
  'constructor',
  'toString',
  '\u0000',
  '\ud800',
  'x'.repeat(5_000),
  -1,
  0.5,
  1e308,
  '18446744073709551616',
  '-9223372036854775808',
  [],
  [[]],
  {},
  { stringValue: 7 },
  { intValue: 'many' },
  { arrayValue: { values: [null, { kvlistValue: { values: [{}] } }] } },
  { kvlistValue: { values: [{ key: '__proto__', value: { intValue: '1' } }] } },
];

type Choose = (count: number) => number;

/** The choices, one after the other, and again from the first. */
function chooser(choices: readonly number[]): Choose {
  let at = 0;
  return (count) => (choices[at++ % choices.length] ?? 0) % Math.max(1, count);
}

/** Replaces, removes, repeats or renames up to three parts of an export in JSON. */
export function mutateJson(body: Buffer, choices: readonly number[]): Buffer {
  const choose = chooser(choices);
  const root = JSON.parse(body.toString()) as object;
  for (let left = 1 + choose(3); left > 0; left--) mutateOnePart(root, choose);
  return Buffer.from(JSON.stringify(root));
}

function mutateOnePart(root: object, choose: Choose): void {
  const places: { holder: Record<string, unknown>; name: string }[] = [];
  const visit = (holder: object): void => {
    for (const [name, part] of Object.entries(holder)) {
      places.push({ holder: holder as Record<string, unknown>, name });
      if (typeof part === 'object' && part !== null) visit(part as object);
    }
  };
  visit(root);
  const place = places[choose(places.length)];
  if (place === undefined) return;
  const { holder, name } = place;
  const other = places[choose(places.length)] ?? place;
  // A copy in either case: the same object in two places could be put into itself by the next change.
  const value = structuredClone([VALUES[choose(VALUES.length)], other.holder[other.name]][choose(2)]);
  const kind = choose(4);
  if (kind === 0) delete holder[name];
  else if (kind === 1 && Array.isArray(holder)) holder.push(structuredClone(holder[Number(name)]));
  else if (kind === 2 && !Array.isArray(holder)) Object.defineProperty(holder, other.name, { ...PLAIN, value });
  else holder[name] = value;
}

const PLAIN = { enumerable: true, configurable: true, writable: true } as const;

/**
 * Replaces, removes, repeats or renumbers up to three fields of a protobuf message; all lengths around them stay right.
 */
export function mutateProtobuf(body: Buffer, choices: readonly number[]): Buffer {
  const choose = chooser(choices);
  let mutated = body;
  for (let left = 1 + choose(3); left > 0; left--) mutated = mutateOneField(mutated, choose, 0);
  return mutated;
}

interface WireField {
  readonly start: number;
  readonly end: number;
  readonly number: number;
  readonly wireType: number;
  readonly content: Buffer;
}

const LEVELS_MAX = 12;

function mutateOneField(message: Buffer, choose: Choose, level: number): Buffer {
  const fields = fieldsOf(message);
  const field = fields?.[choose(fields.length)];
  if (field === undefined) return message;
  const { start, end, number, wireType, content } = field;
  const replaced = (by: Buffer): Buffer => Buffer.concat([message.subarray(0, start), by, message.subarray(end)]);
  const isMessage = wireType === 2 && (fieldsOf(content)?.length ?? 0) > 0;
  // Mostly deeper, or nothing but whole resources would ever change.
  if (isMessage && level < LEVELS_MAX && choose(5) > 0) {
    return replaced(lengthDelimited(number, mutateOneField(content, choose, level + 1)));
  }
  const encoded = message.subarray(start, end);
  switch (choose(6)) {
    case 0:
      return replaced(Buffer.alloc(0));
    case 1:
      return replaced(Buffer.concat([encoded, encoded]));
    case 2:
      return replaced(lengthDelimited(1 + choose(20), content));
    case 3:
      return replaced(lengthDelimited(number, Buffer.from(String(VALUES[choose(VALUES.length)]))));
    case 4:
      return replaced(Buffer.concat([varint((number << 3) | 0), varint(choose(2 ** 31))]));
    default:
      return replaced(Buffer.concat([varint((number << 3) | 1), Buffer.alloc(8, choose(256))]));
  }
}

/** The fields of a message, or null for bytes that are none. */
function fieldsOf(message: Buffer): readonly WireField[] | null {
  const fields: WireField[] = [];
  for (let at = 0; at < message.length; ) {
    const start = at;
    const tag = readVarint(message, at);
    const [number, wireType] = [tag.value >>> 3, tag.value & 7];
    at = tag.end;
    if (wireType === 0) at = readVarint(message, at).end;
    else if (wireType === 1) at += 8;
    else if (wireType === 5) at += 4;
    else if (wireType === 2) {
      const length = readVarint(message, at);
      at = length.end + length.value;
      if (at > message.length) return null;
      fields.push({ start, end: at, number, wireType, content: message.subarray(length.end, at) });
      continue;
    } else return null;
    if (number === 0 || at > message.length) return null;
    fields.push({ start, end: at, number, wireType, content: message.subarray(tag.end, at) });
  }
  return fields;
}

function readVarint(bytes: Buffer, from: number): { readonly value: number; readonly end: number } {
  let value = 0;
  let at = from;
  for (let shift = 0; at < bytes.length && shift < 70; shift += 7) {
    const byte = bytes[at++] ?? 0;
    if (shift < 28) value += (byte & 127) * 2 ** shift;
    if (byte < 128) break;
  }
  return { value, end: at };
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return Buffer.from([...bytes, rest]);
}

function lengthDelimited(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint((number << 3) | 2), varint(content.length), content]);
}

/** Flips some bytes of a body, and cuts it off or puts bytes into it. */
export function mutateBytes(body: Buffer, choices: readonly number[]): Buffer {
  const choose = chooser(choices);
  const mutated = Buffer.from(body);
  for (let left = choose(8); left > 0; left--) mutated[choose(mutated.length)] = choose(256);
  const at = choose(mutated.length);
  if (choose(3) === 0) return mutated.subarray(0, at);
  if (choose(3) === 0) {
    return Buffer.concat([mutated.subarray(0, at), Buffer.alloc(1 + choose(16), choose(256)), mutated.subarray(at)]);
  }
  return mutated;
}
