import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/**
 * A way to one port of the loopback that can be cut: then nothing passes in either direction and new connections hang,
 * but none is closed, as when a network drops packets. When it is mended, what was held back arrives, late.
 */
export class TcpProxy {
  readonly #server: Server;
  readonly #pairs = new Set<readonly [Socket, Socket]>();
  #isCut = false;

  private constructor(targetPort: number) {
    this.#server = createServer((near) => this.#open(near, targetPort));
  }

  static async to(targetPort: number): Promise<TcpProxy> {
    const proxy = new TcpProxy(targetPort);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get port(): number {
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  get connectionCount(): number {
    return this.#pairs.size;
  }

  cut(): void {
    this.#isCut = true;
    for (const pair of this.#pairs) for (const socket of pair) socket.pause();
  }

  mend(): void {
    this.#isCut = false;
    for (const pair of this.#pairs) for (const socket of pair) socket.resume();
  }

  async close(): Promise<void> {
    for (const pair of this.#pairs) for (const socket of pair) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #open(near: Socket, targetPort: number): void {
    const far = connect({ port: targetPort, host: '127.0.0.1' });
    const pair = [near, far] as const;
    this.#pairs.add(pair);
    forward(near, far);
    forward(far, near);
    for (const socket of pair) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#pairs.delete(pair);
        for (const each of pair) each.destroy();
      });
    }
    if (this.#isCut) for (const socket of pair) socket.pause();
  }
}

/** Not `pipe`, which would resume by itself what was paused. What it holds back is bounded by how long a test cuts. */
function forward(from: Socket, to: Socket): void {
  from.on('data', (bytes: Buffer) => void to.write(bytes));
  from.on('end', () => void to.end());
}
