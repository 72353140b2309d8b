import { hashOf } from './asleep/hash-index.ts';
import { type ComparedCall, tellingsOf } from './compared-call.ts';

/** Drawn at random, as providers do; what is shorter may be a small number or a word that all calls share. */
const RANDOM_ID = /[0-9A-Za-z_-]{16}/;
const SOME_DIGITS = /\d\D*\d\D*\d/;

/** With its hash. */
export interface ResponseKey {
  readonly key: string;
  readonly hash: number;
}

/** By all who tell of the call: an id that is no random one is known to the service of each of them. */
export function responseKeysOf(sender: string, call: ComparedCall): readonly ResponseKey[] {
  if (call.others.length === 0) {
    const key = responseKeyOf(sender, call.responseId, call.process);
    return key === null ? NO_KEYS : [{ key, hash: responseHashOf(key) }];
  }
  const keys = tellingsOf(call).map(({ process }) => responseKeyOf(sender, call.responseId, process));
  return [...new Set(keys)].filter((key) => key !== null).map((key) => ({ key, hash: responseHashOf(key) }));
}

const NO_KEYS: readonly ResponseKey[] = [];

/**
 * What a response is known by among the calls of its sender; null where its id is not told.
 *
 * An id that was drawn at random is unique everywhere, another one within its service, since local model servers count
 * or draw from a small range.
 */
export function responseKeyOf(sender: string, responseId: string | null, process: string): string | null {
  if (responseId === null || responseId === '') return null;
  const key = isRandom(responseId) ? responseId : `${responseId}\n${serviceOf(process)}`;
  return sender === '' ? key : `${key}\0${sender}`;
}

export function isRandom(id: string): boolean {
  return RANDOM_ID.test(id) && SOME_DIGITS.test(id);
}

export function responseHashOf(key: string): number {
  return hashOf(key) ^ OF_RESPONSE;
}

function serviceOf(process: string): string {
  return process.slice(0, Math.max(0, process.indexOf('\n')));
}

/** Tells the hash of a response's key from that of a trace's. */
const OF_RESPONSE = 0x5f3c_91d7;
