import { CallableThread, threadUrl } from '../threads/thread-rpc.ts';
import type { ProcessorThreadData } from './processor-thread.ts';

/**
 * V8 divides it by three: two halves of 8 MB and one for large objects. By itself it takes 128 MB on a large machine,
 * which made a processor that catches up 100 MB larger and no faster.
 */
const YOUNG_GENERATION_MB_MAX = 24;

/** Starts the processor in a thread, which answers `checkReady`, `metrics` and `stop`. @throws when it cannot start */
export function startProcessorThread(workerData: ProcessorThreadData): Promise<CallableThread> {
  return CallableThread.start(threadUrl('app/processor-thread'), {
    name: 'processor',
    workerData,
    transferList: workerData.appendPort === undefined ? [] : [workerData.appendPort],
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB_MAX },
  });
}
