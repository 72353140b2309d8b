import { hashOf } from './asleep/hash-index.ts';

/** Drawn at random, as providers do; what is shorter may be a small number or a word that all calls share. */
const RANDOM_ID = /[0-9A-Za-z_-]{16}/;
const SOME_DIGITS = /\d\D*\d\D*\d/;

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
