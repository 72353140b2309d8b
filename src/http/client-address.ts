import { BlockList, isIP, isIPv6 } from 'node:net';

/** Networks whose word about a sender's address is taken. */
export class TrustedProxies {
  readonly #networks = new BlockList();

  /** @param networks addresses, or networks as `10.0.0.0/8` */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = '', bits] = network.split('/');
      const family = isIPv6(address) ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#networks.addAddress(address, family);
      else this.#networks.addSubnet(address, Number(bits), family);
    }
  }

  /**
   * Who sends: the other end of the connection, or, where that is a trusted proxy, whom it names. Of a chain of proxies
   * each adds its client at the end, so it is read from there; what an untrusted one has put before is anybody's word.
   *
   * @param forwardedFor the header `X-Forwarded-For`
   */
  clientAddress(peer: string, forwardedFor: string | readonly string[] | undefined): string {
    const hops = String(forwardedFor ?? '')
      .split(',')
      .map((hop) => bareAddress(hop.trim()));
    let client = bareAddress(peer);
    while (this.trusts(client)) {
      const hop = hops.pop();
      if (hop === undefined || isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  }

  /** @param peer the other end of a connection */
  trusts(peer: string): boolean {
    const address = bareAddress(peer);
    return isIP(address) !== 0 && this.#networks.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

/** Without a port, brackets, and the prefix of an IPv4 address that is written as IPv6. */
function bareAddress(text: string): string {
  const unbracketed = /^\[([^\]]*)\](?::\d+)?$/.exec(text)?.[1] ?? text;
  const address = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(unbracketed)?.[1] ?? unbracketed;
  return address.toLowerCase().startsWith('::ffff:') && address.includes('.')
    ? address.slice('::ffff:'.length)
    : address;
}
