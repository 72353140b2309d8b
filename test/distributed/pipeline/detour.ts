import { Socket } from 'node:net';

/**
 * Loaded into a process before the program (`node --import`): leads its connections to some ports of the loopback over
 * others, as `DETOURS=9092:15001,5432:15002` says. Brokers advertise their own ports, so without this a client would
 * go around a proxy as soon as it knew them.
 */
const detours = new Map(
  (process.env['DETOURS'] ?? '').split(',').map((pair) => pair.split(':').map(Number) as [number, number]),
);

interface Target {
  port?: number | string;
}

const connect = Reflect.get(Socket.prototype, 'connect') as (this: Socket, ...options: unknown[]) => Socket;

Socket.prototype.connect = function detoured(this: Socket, ...options: unknown[]): Socket {
  // `net.connect` hands over its options already put into a list.
  const [first] = options;
  const target = (Array.isArray(first) ? first[0] : first) as Target | number;
  if (typeof target === 'number') options[0] = detours.get(target) ?? target;
  else target.port = detours.get(Number(target.port)) ?? target.port ?? 0;
  return connect.apply(this, options);
};
