import { isIP } from 'node:net';
import { Problem } from './problem.ts';

/**
 * The names by which this server may be called: addresses, `localhost`, names without a dot, and those that were
 * allowed.
 *
 * A page of a foreign name that resolves to this machine (DNS rebinding) is of this server's own origin to a browser,
 * which then lets it read answers. Such a name has a dot, as every name of the public DNS; names of containers and
 * services have none, and nobody can own them.
 */
export class KnownHosts {
  readonly #names: ReadonlySet<string>;
  /** `.example.com` for `*.example.com`. */
  readonly #endings: readonly string[];
  readonly #allowsAny: boolean;

  /** @param names such as `streamlens.example.com`, `*.example.com`, or `*` for any */
  constructor(names: readonly string[]) {
    const lower = names.map((name) => name.toLowerCase());
    this.#allowsAny = lower.includes('*');
    this.#names = new Set(lower);
    this.#endings = lower.filter((name) => name.startsWith('*.')).map((name) => name.slice(1));
  }

  /** @param host as in the header `Host`, with or without a port; no browser leaves it out */
  knows(host: string | undefined): boolean {
    if (host === undefined || host === '' || this.#allowsAny) return true;
    const name = nameOf(host);
    if (isIP(name) !== 0 || !name.includes('.') || name.endsWith('.localhost')) return true;
    return this.allows(name);
  }

  /** Whether the name was allowed in so many words. */
  allows(name: string): boolean {
    return this.#allowsAny || this.#names.has(name) || this.#endings.some((ending) => name.endsWith(ending));
  }

  /** @throws {Problem} 403 */
  check(host: string | undefined): void {
    if (this.knows(host)) return;
    const name = nameOf(host ?? '').slice(0, 100);
    throw new Problem(403, `This server is not known as "${name}"; where it should be, add the name to ALLOWED_HOSTS`);
  }

  /**
   * Refuses what a web page of another origin makes a browser send. Such a page can reach every server that its visitor
   * can, also one that listens on loopback only.
   *
   * @throws {Problem} 403
   */
  refuseForeignPage({ origin, host, fetchSite }: PageHeaders): void {
    if (origin === undefined) {
      if (fetchSite === undefined || fetchSite === 'same-origin' || fetchSite === 'none') return;
    } else {
      const from = URL.parse(origin);
      if (
        from !== null &&
        (from.host === URL.parse(`${from.protocol}//${host ?? ''}`)?.host || this.allows(from.hostname))
      )
        return;
    }
    throw new Problem(403, 'Pages of other origins may not send here; where one should, add its host to ALLOWED_HOSTS');
  }
}

export interface PageHeaders {
  readonly origin: string | undefined;
  readonly host: string | undefined;
  /** `Sec-Fetch-Site`. */
  readonly fetchSite: string | undefined;
}

/** Without the port, the brackets of an IPv6 address, and the dot that may end a name. */
function nameOf(host: string): string {
  const [, bracketed, bare = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? [];
  return (bracketed ?? bare).toLowerCase().replace(/\.$/, '') || host.toLowerCase();
}
