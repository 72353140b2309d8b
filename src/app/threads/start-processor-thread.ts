import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import type { ProcessorThreadData } from './processor-thread.ts';

/** Starts the processor in a thread, which answers `checkReady`, `metrics` and `stop`. @throws when it cannot start */
export function startProcessorThread(workerData: ProcessorThreadData): Promise<CallableThread> {
  return CallableThread.start(threadUrl('app/threads/processor-thread'), {
    name: 'processor',
    workerData,
    transferList: workerData.appendPort === undefined ? [] : [workerData.appendPort],
  });
}
