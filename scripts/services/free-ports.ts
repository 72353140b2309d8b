import { once } from 'node:events';
import { createServer, type Server } from 'node:net';

/**
 * Below the range from which the system takes the near ends of outgoing connections (32768 and up on Linux). Else,
 * while a killed service is down, a client that tries to reach it may be given that very port, be connected to
 * itself, and keep the service from starting again.
 */
const FIRST_PORT = 15_000;
const LAST_PORT = 32_000;

/** Ports of the loopback that are free now. All are held until all are known, so that they differ. */
export async function freePorts(count: number): Promise<number[]> {
  const held: { readonly port: number; readonly server: Server }[] = [];
  while (held.length < count) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const server = await listenOn(port);
    if (server !== null) held.push({ port, server });
  }
  await Promise.all(held.map(({ server }) => new Promise((resolve) => server.close(resolve))));
  return held.map(({ port }) => port);
}

async function listenOn(port: number): Promise<Server | null> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return server;
  } catch {
    return null;
  }
}
