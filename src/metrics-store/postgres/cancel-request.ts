import { once } from 'node:events';
import { connect } from 'node:net';
import type pg from 'pg';

/** What a server calls one of its connections, for whoever wants to stop what runs there. pg keeps it unsaid. */
interface Backend {
  readonly host: string;
  readonly port: number;
  readonly processID: number | null;
  readonly secretKey: number | null;
}

const CANCEL_REQUEST_CODE = 80_877_102;
const CANCEL_MS_MAX = 5_000;

/**
 * Stops the statement that runs on a connection; the statement fails with 57014. Where nothing runs, nothing happens.
 *
 * The protocol wants a connection of its own for it, without log-in or TLS, as libpq had it for decades: the secret is
 * good for nothing else. Resolves when the server has passed it on, or where it cannot be told: then the statement's
 * time limit ends it.
 */
export async function cancelStatement(client: pg.ClientBase): Promise<void> {
  const { host, port, processID, secretKey } = client as unknown as Backend;
  if (processID === null || secretKey === null) return;
  const message = Buffer.alloc(16);
  for (const [index, value] of [16, CANCEL_REQUEST_CODE, processID, secretKey].entries()) {
    message.writeInt32BE(value | 0, index * 4);
  }
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${port}`) : connect({ host, port });
  socket.setTimeout(CANCEL_MS_MAX, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.resume().end(message);
  if (!socket.closed) await once(socket, 'close').catch(() => undefined);
}
