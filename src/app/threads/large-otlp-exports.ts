import pLimit from 'p-limit';
import { Problem } from '../../http/problem.ts';
import { type PackedRecords, unpackRecords } from '../../ingestion-api/packed-records.ts';
import type { ExplainedExport, SentExport, Translation } from '../../ingestion-api/translate-export.ts';
import type { Decoded } from '../../otlp/decode/trace-export.ts';
import { CallableThread, threadUrl } from '../../threads/thread-rpc.ts';
import { EXPORT_HEAP_MB_MAX, EXPORT_YOUNG_MB_MAX } from '../memory-limits.ts';
import type { OtlpThreadOptions } from './otlp-thread.ts';

/** After so long without a large export the thread ends, and its memory is the system's again. */
const IDLE_MS_MAX = 10_000;

type PackedTranslation = Omit<Translation, 'records'> & { readonly packed: PackedRecords };

/**
 * Decodes large exports in a thread of its own, one after the other: 100,000 spans take a second, in which the thread
 * that answers HTTP would answer nobody. It is started by the first of them.
 */
export class LargeOtlpExports {
  readonly #options: OtlpThreadOptions;
  readonly #oneByOne = pLimit(1);
  #thread: CallableThread | null = null;
  #idle: NodeJS.Timeout | undefined;

  constructor(options: OtlpThreadOptions) {
    this.#options = options;
  }

  /** @throws {Problem} 413 for one that takes more memory than it may */
  async translate(sent: SentExport): Promise<Decoded<Translation>> {
    const translated = await this.#call<Decoded<PackedTranslation>>('translate', sent);
    if (!translated.ok) return translated;
    const { packed, ...rest } = translated.value;
    return { ok: true, value: { ...rest, records: await unpackRecords(packed) } };
  }

  /** @throws {Problem} 413 for one that takes more memory than it may */
  explain(sent: SentExport): Promise<Decoded<ExplainedExport>> {
    return this.#call('explain', sent);
  }

  async stop(): Promise<void> {
    await this.#oneByOne(() => this.#end());
  }

  #call<T>(method: string, sent: SentExport): Promise<T> {
    return this.#oneByOne(async () => {
      clearTimeout(this.#idle);
      this.#thread ??= await this.#start();
      try {
        return await this.#thread.call<T>(method, sent);
      } catch (error) {
        await this.#end();
        if ((error as { code?: string }).code !== 'ERR_WORKER_OUT_OF_MEMORY') throw error;
        throw new Problem(413, 'The export takes more memory than it may when decoded; send several smaller ones');
      } finally {
        this.#idle = setTimeout(() => void this.#oneByOne(() => this.#end()), IDLE_MS_MAX).unref();
      }
    });
  }

  #start(): Promise<CallableThread> {
    return CallableThread.start(threadUrl('app/threads/otlp-thread'), {
      name: 'otlp',
      workerData: this.#options,
      resourceLimits: { maxOldGenerationSizeMb: EXPORT_HEAP_MB_MAX, maxYoungGenerationSizeMb: EXPORT_YOUNG_MB_MAX },
    });
  }

  async #end(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = null;
    await thread?.stop();
  }
}
