/**
 * How long tests wait for what must come about. No test is about this time: it ends only the waiting for what never
 * comes, and is far beyond what a machine at load 20 needs.
 */
export const PATIENCE_MS = 120_000;
