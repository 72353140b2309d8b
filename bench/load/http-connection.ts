import { connect, type Socket } from 'node:net';

/** What a connection reads of an answer. `body` is valid until the next answer. */
export interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const HEAD_END = '\r\n\r\n';
const CHUNKS_END = Buffer.from('\r\n0\r\n\r\n');
const CHUNKED = -1;

const BYTES_TO_BEGIN_WITH = 64 * 1024;
const BYTES_FREE_MIN = 16 * 1024;

/**
 * One keep-alive connection with one request under way. Requests are ready-made bytes, answers are only framed, and read into
 * the same memory again and again, so that the generator takes little of the two cores that it shares with what it measures, and
 * does not hold up answers by collecting garbage.
 */
export class HttpConnection {
  readonly #socket: Socket;
  #bytes = Buffer.allocUnsafeSlow(BYTES_TO_BEGIN_WITH);
  #length = 0;
  #head: Head | null = null;
  #onAnswer: ((answer: Answer) => void) | null = null;
  #onFailure: ((error: Error) => void) | null = null;

  private constructor(port: number) {
    const onread = { buffer: () => this.#freeBytes(), callback: (count: number) => this.#receive(count) };
    this.#socket = connect({ port, host: '127.0.0.1', noDelay: true, onread });
    this.#socket.on('error', (error) => this.#fail(error));
    this.#socket.on('close', () => this.#fail(new Error('The server closed the connection')));
  }

  static open(port: number): Promise<HttpConnection> {
    return new Promise((resolve, reject) => {
      const connection = new HttpConnection(port);
      connection.#onFailure = reject;
      connection.#socket.once('connect', () => resolve(connection));
    });
  }

  /** Calls back, rather than promise, once per answer. */
  send(request: Buffer, onAnswer: (answer: Answer) => void, onFailure: (error: Error) => void): void {
    this.#onAnswer = onAnswer;
    this.#onFailure = onFailure;
    this.#socket.write(request);
  }

  ask(request: Buffer): Promise<Answer> {
    return new Promise((resolve, reject) => this.send(request, resolve, reject));
  }

  close(): void {
    this.#onFailure = null;
    this.#socket.destroy();
  }

  #fail(error: Error): void {
    const fail = this.#onFailure;
    this.#onFailure = null;
    fail?.(error);
  }

  #freeBytes(): Buffer {
    if (this.#bytes.length - this.#length < BYTES_FREE_MIN) {
      const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(grown, 0, 0, this.#length);
      this.#bytes = grown;
    }
    return this.#bytes.subarray(this.#length);
  }

  #receive(count: number): boolean {
    this.#length += count;
    const bytes = this.#bytes.subarray(0, this.#length);
    this.#head ??= headOf(bytes);
    const body = this.#head === null ? null : bodyOf(bytes, this.#head);
    if (this.#head === null || body === null) return true;
    const { status } = this.#head;
    const onAnswer = this.#onAnswer;
    this.#onAnswer = null;
    this.#head = null;
    this.#length = 0;
    onAnswer?.({ status, body });
    return true;
  }
}

interface Head {
  readonly status: number;
  readonly bodyFrom: number;
  /** Or CHUNKED. An answer that says neither has no body. */
  readonly bodyLength: number;
}

/** Once all of it is here. */
function headOf(bytes: Buffer): Head | null {
  const end = bytes.indexOf(HEAD_END);
  if (end === -1) return null;
  const head = bytes.toString('latin1', 0, end).toLowerCase();
  const lengthAt = head.indexOf('content-length:');
  const unsaid = head.includes('transfer-encoding: chunked') ? CHUNKED : 0;
  return {
    status: Number(head.slice(9, 12)),
    bodyFrom: end + HEAD_END.length,
    bodyLength: lengthAt === -1 ? unsaid : Number.parseInt(head.slice(lengthAt + 15), 10),
  };
}

function bodyOf(bytes: Buffer, { bodyFrom, bodyLength }: Head): Buffer | null {
  if (bodyLength !== CHUNKED) {
    return bytes.length < bodyFrom + bodyLength ? null : bytes.subarray(bodyFrom, bodyFrom + bodyLength);
  }
  const isComplete = bytes.subarray(-CHUNKS_END.length).equals(CHUNKS_END);
  return isComplete ? unchunked(bytes.subarray(bodyFrom)) : null;
}

function unchunked(bytes: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const lineEnd = bytes.indexOf('\r\n', at);
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16);
    if (length === 0) break;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + length));
    at = lineEnd + 2 + length + 2;
  }
  return Buffer.concat(parts);
}

export function postRequest(path: string, contentType: string, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: ${contentType}\r\nContent-Length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

export function getRequest(path: string): Buffer {
  return Buffer.from(`GET ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n`);
}
