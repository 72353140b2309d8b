import type { BilledModel } from './usage.ts';
import { pushVarint, readVarint } from './varint.ts';

/** Whose calls are billed: what is mostly what is billed too. */
export interface AskedModel {
  readonly provider: string;
  readonly model: string;
}

const REPORTERS = ['', 'provider', 'gateway'] as const satisfies readonly BilledModel['reportedBy'][];

/**
 * A billed model as text of bytes, one for each: empty where it is what was asked for, at its first prices. Else the
 * band, the reporter's number, then provider, model and tier, each as how many bytes of what was asked for it begins
 * with (a tier: of nothing), the length of what follows, and that, in UTF-8.
 */
export function nameOfBilled(billed: BilledModel, asked: AskedModel): string {
  const { provider, model, bandFromTokens, serviceTier, reportedBy } = billed;
  if (isNamedAlike(billed, asked) && bandFromTokens === 0 && serviceTier === '' && reportedBy === '') return '';
  const bytes: number[] = [];
  pushVarint(bytes, bandFromTokens);
  pushVarint(bytes, REPORTERS.indexOf(reportedBy));
  pushText(bytes, provider, asked.provider);
  pushText(bytes, model, asked.model);
  pushText(bytes, serviceTier, '');
  return Buffer.from(bytes).toString('latin1');
}

/** Whether what is billed has the same name beside both. */
export function isNamedAlike(a: AskedModel, b: AskedModel): boolean {
  return a.provider === b.provider && a.model === b.model;
}

/** @throws RangeError where it is damaged */
export function billedOfName(name: string, asked: AskedModel): BilledModel {
  if (name === '') {
    return { provider: asked.provider, model: asked.model, bandFromTokens: 0, serviceTier: '', reportedBy: '' };
  }
  const reader = { bytes: Buffer.from(name, 'latin1'), at: 0 };
  const bandFromTokens = readVarint(reader);
  const reportedBy = REPORTERS[readVarint(reader)] ?? '';
  const provider = readText(reader, asked.provider);
  const model = readText(reader, asked.model);
  return { provider, model, bandFromTokens, serviceTier: readText(reader, ''), reportedBy };
}

function pushText(bytes: number[], text: string, asked: string): void {
  const [own, others] = [Buffer.from(text), Buffer.from(asked)];
  let shared = 0;
  while (shared < own.length && own[shared] === others[shared]) shared++;
  pushVarint(bytes, shared);
  pushVarint(bytes, own.length - shared);
  bytes.push(...own.subarray(shared));
}

function readText(reader: { readonly bytes: Buffer; at: number }, asked: string): string {
  const shared = readVarint(reader);
  const end = readVarint(reader) + reader.at;
  const rest = reader.bytes.subarray(reader.at, end);
  reader.at = end;
  return shared === 0 ? rest.toString() : Buffer.concat([Buffer.from(asked).subarray(0, shared), rest]).toString();
}
