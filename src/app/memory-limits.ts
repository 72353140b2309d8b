/**
 * What V8 is told in the threads of the program, beside what the launcher tells the process (`bin/streamlens.js`: the
 * allocator, the young objects of the main thread, and no pretenuring) and what every thread gets that is given no
 * limit of its own (`threads/thread-rpc.ts`). The gains are measured in `bench/findings.md`, "Recovery and open joins".
 */

/**
 * The processor's thread collects when its heap has grown by half since the last time. By itself V8 waits for longer
 * where there is memory: a backlog of a million calls then peaked at 543 MB instead of 387 MB, of which 200 MB were in
 * use.
 */
export const PROCESSOR_HEAP_GROWTH = '--heap-growing-percent=50';

/** A question may make 10 MB of garbage, which must not be taken for something that stays. */
export const QUERY_YOUNG_MB_MAX = 48;

/** An export at its limits takes 200 MB as objects. A thread that needs more ends, and nothing else does. */
export const EXPORT_HEAP_MB_MAX = 512;
export const EXPORT_YOUNG_MB_MAX = 48;
