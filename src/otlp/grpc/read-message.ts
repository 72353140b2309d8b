import type { ServerHttp2Stream } from 'node:http2';
import type { BodyLease } from '../../http/body-budget.ts';
import { GrowingBytes } from '../../http/growing-bytes.ts';
import { readBody } from '../../http/read-body.ts';
import { GRPC, GrpcFailure } from './grpc-status.ts';

/** A byte that tells whether the message is compressed, and its length in four. */
const PREFIX_BYTES = 5;

export interface MessageOptions {
  readonly encoding: string;
  /** How large a message may be, as it is sent and decompressed. */
  readonly bytesMax: number;
  readonly lease: BodyLease;
}

/**
 * The one message of a unary call. Its length is judged by its prefix, its bytes are charged as they come.
 *
 * @throws {GrpcFailure} for another number of messages, one that is cut off or too large
 * @throws {Problem} for what cannot be decompressed, or finds no room
 */
export async function readMessage(stream: ServerHttp2Stream, options: MessageOptions): Promise<Buffer> {
  const { bytesMax, lease, encoding } = options;
  const { isCompressed, body } = await collectMessage(stream, bytesMax, lease);
  if (!isCompressed) return body;
  return readBody({ headers: { 'content-encoding': encoding }, body, lease }, bytesMax);
}

interface Message {
  readonly isCompressed: boolean;
  readonly body: Buffer;
}

function collectMessage(stream: ServerHttp2Stream, bytesMax: number, lease: BodyLease): Promise<Message> {
  return new Promise((resolve, reject) => {
    const parts = new MessageParts(bytesMax, lease);
    const settle = (result: () => void): void => {
      stream.off('data', onData).off('end', onEnd).off('close', onClose);
      result();
    };
    const attempt = (step: () => void): void => {
      try {
        step();
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const onData = (part: Buffer): void => attempt(() => parts.add(part));
    const onEnd = (): void => attempt(() => settle(() => resolve(parts.message())));
    const onClose = (): void => settle(() => reject(new GrpcFailure(GRPC.invalidArgument, 'The call broke off')));
    stream.on('data', onData).on('end', onEnd).on('close', onClose);
  });
}

class MessageParts {
  readonly #bytesMax: number;
  readonly #lease: BodyLease;
  #prefix: Buffer = Buffer.alloc(0);
  #body: GrowingBytes | null = null;
  #bodyBytes = 0;

  constructor(bytesMax: number, lease: BodyLease) {
    this.#bytesMax = bytesMax;
    this.#lease = lease;
  }

  add(part: Buffer): void {
    let rest = part;
    if (this.#body === null) {
      const missing = PREFIX_BYTES - this.#prefix.length;
      this.#prefix = Buffer.concat([this.#prefix, part.subarray(0, missing)]);
      if (this.#prefix.length < PREFIX_BYTES) return;
      this.#bodyBytes = this.#prefix.readUInt32BE(1);
      if (this.#bodyBytes > this.#bytesMax) throw tooLarge(this.#bytesMax);
      this.#body = new GrowingBytes(this.#lease, this.#bodyBytes);
      rest = part.subarray(missing);
    }
    if (rest.length === 0) return;
    if (this.#body.length + rest.length > this.#bodyBytes) {
      throw new GrpcFailure(GRPC.unimplemented, 'Export takes one message');
    }
    this.#body.add(rest);
  }

  message(): Message {
    if (this.#body === null || this.#body.length < this.#bodyBytes) {
      throw new GrpcFailure(GRPC.invalidArgument, 'The message ended before its announced length');
    }
    return { isCompressed: this.#prefix[0] === 1, body: this.#body.take() };
  }
}

function tooLarge(bytesMax: number): GrpcFailure {
  return new GrpcFailure(GRPC.resourceExhausted, `The message takes more than ${bytesMax} bytes`);
}
