/** A tally as `tally-codec.ts` has it, among the bytes of others. */
export interface EncodedTally {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}
