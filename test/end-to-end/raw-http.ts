import { connect, type Socket } from 'node:net';

/** A connection on which a test writes what no HTTP client would. */
export class RawHttp {
  readonly #socket: Socket;
  readonly #ended: Promise<void>;
  #received = '';

  constructor(url: string) {
    const { hostname, port } = new URL(url);
    this.#socket = connect(Number(port), hostname);
    this.#socket.setEncoding('utf8').on('data', (text: string) => {
      this.#received += text;
    });
    // A server that hangs up is what many of these tests wait for.
    this.#socket.on('error', () => undefined);
    this.#ended = new Promise((resolve) => this.#socket.once('close', () => resolve()));
  }

  write(text: string): void {
    if (this.#socket.writable) this.#socket.write(text);
  }

  /** Hangs up without a word. */
  destroy(): void {
    this.#socket.destroy();
  }

  get isOpen(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  get received(): string {
    return this.#received;
  }

  /** What came until the server hung up, or until `msMax`. */
  async answer(msMax = 5000): Promise<string> {
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, msMax);
    });
    await Promise.race([this.#ended, timeout]);
    clearTimeout(timer);
    return this.#received;
  }
}
