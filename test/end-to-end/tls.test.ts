import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import { type TestContext, test } from 'node:test';
import tls from 'node:tls';
import grpc from '@grpc/grpc-js';
import { freePorts } from '../../scripts/services/free-ports.ts';
import { eventually } from './http-calls.ts';
import { type Command, dataDirFor, endOf, outputOf, runCommand } from './running-server.ts';
import { type CertificateAt, makeCertificate } from './test-certificate.ts';

interface TlsServer extends Command {
  readonly ingestionPort: number;
  readonly metricsPort: number;
  readonly grpcPort: number;
}

async function startTlsServer(t: TestContext, { certPath, keyPath }: CertificateAt): Promise<TlsServer> {
  const [ingestionPort = 0, metricsPort = 0, grpcPort = 0] = await freePorts(3);
  const command = runCommand(['up', '--data-dir', dataDirFor(t)], {
    INGESTION_PORT: String(ingestionPort),
    METRICS_PORT: String(metricsPort),
    OTLP_GRPC_PORT: String(grpcPort),
    TLS_CERT: certPath,
    TLS_KEY: keyPath,
    LOG_LEVEL: 'info',
  });
  t.after(async () => {
    command.process.kill('SIGKILL');
    await command.exited;
  });
  await eventually('the server is ready', async () =>
    command.output().includes(`https://localhost:${metricsPort}/`) ? true : undefined,
  );
  return { ...command, ingestionPort, metricsPort, grpcPort };
}

/** The name on the certificate that a port shows now. */
function shownName(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port,
      rejectUnauthorized: false,
      ALPNProtocols: ['h2', 'http/1.1'],
    });
    socket.once('error', reject).once('secureConnect', () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly reused: boolean;
}

function ask(
  port: number,
  path: string,
  { agent, ...options }: https.RequestOptions & { body?: string },
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request({ host: '127.0.0.1', port, path, agent, ...options }, (response) => {
      response
        .resume()
        .once('end', () =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, reused: request.reusedSocket }),
        );
    });
    request.once('error', reject).end(options.body);
  });
}

test('with a certificate every port speaks TLS alone, and takes a new one without a restart', async (t) => {
  const directory = dataDirFor(t);
  const certificate = makeCertificate(directory, 'first');
  const ca = readFileSync(certificate.certPath);
  const server = await startTlsServer(t, certificate);
  const ports = [server.ingestionPort, server.metricsPort, server.grpcPort];
  const agent = new https.Agent({ ca, keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());

  const event = { request_id: 'r', tenant_id: 'a', route: 'x', model: 'm', timestamp: new Date().toISOString() };
  const posted = await ask(server.ingestionPort, '/v1/llm/request', {
    method: 'POST',
    body: JSON.stringify(event),
    headers: { 'content-type': 'application/json' },
    ca,
  });
  assert.deepEqual([posted.status, posted.headers['strict-transport-security']], [202, 'max-age=31536000']);
  const page = await ask(server.metricsPort, '/', { agent });
  assert.deepEqual([page.status, page.headers['strict-transport-security']], [200, 'max-age=31536000']);
  assert.equal(await grpcExport(server.grpcPort, grpc.credentials.createSsl(ca)), grpc.status.OK);
  await assert.rejects(fetch(`http://127.0.0.1:${server.metricsPort}/health`), 'no TLS, no answer');
  assert.equal(await grpcExport(server.grpcPort, grpc.credentials.createInsecure()), grpc.status.UNAVAILABLE);

  const told = await outputOf(['doctor', '--data-dir', directory], {
    INGESTION_PORT: String(server.ingestionPort),
    METRICS_PORT: String(server.metricsPort),
    TLS_CERT: certificate.certPath,
    TLS_KEY: certificate.keyPath,
  });
  for (const port of [server.ingestionPort, server.metricsPort]) {
    assert.ok(told.includes(`StreamLens answers on ${port}`), told);
  }

  makeCertificate(directory, 'second');
  for (const port of ports) {
    await eventually(`port ${port} shows the new certificate`, async () =>
      (await shownName(port)) === 'second' ? true : undefined,
    );
  }
  const again = await ask(server.metricsPort, '/health', { agent });
  assert.deepEqual([again.status, again.reused], [200, true], 'a connection that is open goes on');

  writeFileSync(certificate.keyPath, 'no key');
  await eventually('the log tells of it', async () =>
    server.output().includes('The certificate before stays') ? true : undefined,
  );
  assert.deepEqual(await Promise.all(ports.map(shownName)), ['second', 'second', 'second']);
  assert.ok(!server.output().includes('PRIVATE KEY'));
});

test('a certificate without its key, or one that is none, is exit code 2', async (t) => {
  const directory = dataDirFor(t);
  const { certPath, keyPath } = makeCertificate(directory, 'lonely');
  const run = (env: Record<string, string>) => endOf(['up', '--data-dir', directory], env);
  const lonely = await run({ TLS_CERT: certPath });
  assert.deepEqual([lonely.code, /TLS_CERT and TLS_KEY are needed together/.test(lonely.text)], [2, true]);
  const swapped = await run({ TLS_CERT: keyPath, TLS_KEY: certPath });
  assert.deepEqual([swapped.code, /TLS_CERT and TLS_KEY must be files/.test(swapped.text)], [2, true], swapped.text);
});

function grpcExport(port: number, credentials: grpc.ChannelCredentials): Promise<grpc.status> {
  const client = new grpc.Client(`localhost:${port}`, credentials);
  const same = (bytes: Buffer) => bytes;
  const path = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
  return new Promise<grpc.status>((resolve) => {
    client.makeUnaryRequest(path, same, same, Buffer.alloc(0), (error) => resolve(error?.code ?? grpc.status.OK));
  }).finally(() => client.close());
}
