/** Versions of a store's schema before and after; 0 where there was none. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
}
