import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { createSecureContext } from 'node:tls';

/** The certificate of a server, with those that link it to an authority, and its key; both as PEM. */
export interface CertificateFiles {
  readonly cert: Buffer;
  readonly key: Buffer;
}

export interface CertificatePaths {
  readonly certPath: string;
  readonly keyPath: string;
}

export interface CertificateEvents {
  /** It serves new connections from now on. */
  readonly onReload: (about: string) => void;
  /** The files changed and cannot be used: the old certificate stays. Once per change. */
  readonly onError: (error: Error) => void;
}

/** What a TLS server can be given anew while it listens. */
interface TlsServer {
  setSecureContext(options: CertificateFiles): void;
}

const LOOK_EVERY_MS = 2000;

/**
 * The certificate of all servers of a process. Its files are looked at every two seconds: whoever renews it replaces
 * them, one after the other or by a link, and connections that are open go on with the old one.
 */
export class ServerCertificate {
  readonly #paths: CertificatePaths;
  readonly #servers = new Set<TlsServer>();
  #files: CertificateFiles;
  #version: string;
  #timer: NodeJS.Timeout | undefined;

  /** @throws {Error} where the files cannot be read or do not belong together; the message names the file */
  constructor(paths: CertificatePaths) {
    this.#paths = paths;
    this.#version = versionOf(paths);
    this.#files = readCertificate(paths);
  }

  get files(): CertificateFiles {
    return this.#files;
  }

  /** Whose it is and until when, for people. */
  get about(): string {
    const { subject, subjectAltName, validTo } = new X509Certificate(this.#files.cert);
    return `${subjectAltName ?? subject.replaceAll('\n', ', ')}, valid until ${new Date(validTo).toISOString()}`;
  }

  /** Gives a server each new certificate from now on. */
  serve(server: TlsServer): void {
    this.#servers.add(server);
  }

  watch(events: CertificateEvents): void {
    this.#timer = setInterval(() => this.look(events), LOOK_EVERY_MS).unref();
  }

  look({ onReload, onError }: CertificateEvents): void {
    // Before reading: a change during the read differs from this and is read at the next look.
    const version = versionOf(this.#paths);
    if (version === this.#version) return;
    this.#version = version;
    try {
      this.#files = readCertificate(this.#paths);
    } catch (error) {
      onError(error as Error);
      return;
    }
    for (const server of this.#servers) server.setSecureContext(this.#files);
    onReload(this.about);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}

function readCertificate({ certPath, keyPath }: CertificatePaths): CertificateFiles {
  const files = { cert: readFileSync(certPath), key: readFileSync(keyPath) };
  try {
    createSecureContext(files);
  } catch (error) {
    // What OpenSSL says names no byte of the key.
    throw new Error(`${certPath} and ${keyPath} are no certificate with its key (${(error as Error).message})`, {
      cause: error,
    });
  }
  return files;
}

function versionOf({ certPath, keyPath }: CertificatePaths): string {
  return [certPath, keyPath].map(fileVersion).join('|');
}

function fileVersion(path: string): string {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? 'gone' : `${stats.mtimeNs} ${stats.size} ${stats.ino}`;
}
