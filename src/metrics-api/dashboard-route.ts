import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';

/** Where the ingestion API listens, for the hints of an empty dashboard. 0: not at all. */
export interface IngestionPorts {
  readonly http: number;
  readonly grpc: number;
}

export interface Dashboard {
  /** The folder that the build made; it ends with a slash. */
  readonly directory: URL;
  /** Null where another process runs it. */
  readonly ingestion: IngestionPorts | null;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Nothing from elsewhere, no inline script or style, in no foreign frame; the rest is said of every answer. */
const HEADERS = {
  'content-security-policy':
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
} as const;

const A_YEAR_S = 31_536_000;

/**
 * `GET /` and its assets. Everything is read once, at the start: the files are few and small, and a build beside a
 * running server cannot mix two versions. Assets carry a hash in their names, so they never change; the page itself is
 * asked for each time.
 *
 * `@fastify/static` would read them from the disk, compress nothing itself, and bring 25 packages for these few files.
 */
export function addDashboardRoute(server: FastifyInstance, { directory, ingestion }: Dashboard): void {
  const files = readBuild(directory);
  const page = files.get('index.html');
  if (page === undefined) {
    server.get('/', (_request, reply) =>
      reply
        .type('text/plain; charset=utf-8')
        .send('The dashboard is not built; run "npm run build". /docs has the API.\n'),
    );
    return;
  }
  const html = page.bytes
    .toString('utf8')
    .replace('{"ingestion":null}', () => JSON.stringify({ ingestion }).replaceAll('"', '&quot;'));
  const start = storedFile('index.html', Buffer.from(html));
  server.get('/', (request, reply) => sendFile(request, reply, start, 'no-cache'));
  for (const [name, file] of files) {
    if (name === 'index.html') continue;
    server.get(`/dashboard/${name}`, (request, reply) =>
      sendFile(request, reply, file, `public, max-age=${A_YEAR_S}, immutable`),
    );
  }
}

interface StoredFile {
  readonly type: string;
  readonly etag: string;
  readonly bytes: Buffer;
  readonly gzipped: Buffer;
}

function readBuild(directory: URL): ReadonlyMap<string, StoredFile> {
  const files = new Map<string, StoredFile>();
  try {
    for (const name of readdirSync(directory)) {
      if (TYPES[extname(name)] !== undefined) files.set(name, storedFile(name, readFileSync(new URL(name, directory))));
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return files;
}

function storedFile(name: string, bytes: Buffer): StoredFile {
  return {
    type: TYPES[extname(name)] ?? 'application/octet-stream',
    etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    bytes,
    gzipped: gzipSync(bytes, { level: 6 }),
  };
}

function sendFile(request: FastifyRequest, reply: FastifyReply, file: StoredFile, caching: string): FastifyReply {
  const isGzipTaken = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
  // The two forms are different bytes, so each has a tag of its own.
  const etag = isGzipTaken ? `${file.etag.slice(0, -1)}-gz"` : file.etag;
  void reply.headers({ ...HEADERS, 'cache-control': caching, vary: 'accept-encoding', etag });
  if (request.headers['if-none-match']?.includes(etag) === true) return reply.code(304).send();
  void reply.type(file.type);
  return isGzipTaken ? reply.header('content-encoding', 'gzip').send(file.gzipped) : reply.send(file.bytes);
}
