import { freePorts } from '../scripts/services/free-ports.ts';
import { EventGenerator } from './data/event-generator.ts';
import { postRequest } from './load/http-connection.ts';
import { sendAll } from './load/send-all.ts';
import { contest, metricOf, spreadOf } from './measure/contest.ts';
import { CpuMeter } from './measure/process-usage.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { ChildProgram } from './setup/child-program.ts';

/** What single POSTs cost a server on node:http that only reads the body and answers 202: the floor of `single-posts`. */
const CONNECTIONS = 128;
const EVENTS = 60_000;
const NAME = 'node:http that does nothing';
const SERVER = `
import { createServer } from 'node:http';
createServer((request, response) => {
  if (request.method === 'GET') return response.end('ok');
  request.on('data', () => undefined);
  request.on('end', () => response.writeHead(202, { 'content-type': 'application/json', 'content-length': 21 }).end('{"status":"accepted"}'));
}).listen(Number(process.argv[1]), '127.0.0.1');`;

const options = await benchOptions();
const contestant = {
  name: NAME,
  async run() {
    const shape = { tenants: 5, routes: 4, models: 3, fromMs: Date.now(), spanMs: 60_000 };
    const traffic = new EventGenerator({ seed: 1, calls: (EVENTS * options.size) / 2, ...shape });
    const requests = Array.from(traffic.events(), ({ line }) =>
      postRequest('/v1/llm/request', 'application/json', Buffer.from(line)),
    );
    const [port = 0] = await freePorts(1);
    const service = await ChildProgram.start({
      program: process.execPath,
      options: ['--input-type=module', '-e', SERVER, String(port)],
      readyUrl: `http://127.0.0.1:${port}/`,
    });
    try {
      await sendAll(requests.slice(0, requests.length / 10), { port, connections: CONNECTIONS, status: 202 });
      const meter = new CpuMeter({ service: service.pid });
      const sent = await sendAll(requests, { port, connections: CONNECTIONS, status: 202 });
      const perMillion = (meter.used().service / requests.length) * 1e6;
      return { 'requests/s': requests.length / sent.seconds, 'CPU s per million': perMillion, 'p99 ms': sent.p99Ms };
    } finally {
      await service.stop();
    }
  },
};
const outcomes = await contest([contestant], options.rounds);
const measured = spreadOf(metricOf(outcomes, NAME, 'CPU s per million'));
report(
  {
    name: 'http-floor',
    title: 'The floor of single POSTs',
    method: `The load of single-posts on a node:http server that reads the body, answers 202 and does nothing else.`,
    outcomes,
    verdicts: [{ question: 'an empty node:http server, a POST', goal: 'none', measured, unit: ' µs CPU', isMet: true }],
  },
  { commit: options.program.version, keep: options.keep },
);
