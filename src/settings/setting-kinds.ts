import { isIP, isIPv6 } from 'node:net';

/** Reads a setting's text. The problem says what would be accepted; the caller adds the name and the value. */
export type Reading<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly expected: string };

export interface Kind<T> {
  readonly read: (text: string) => Reading<T>;
  /** For `--help` and the docs. */
  readonly hint: string;
  /** Never shown, not even in an error. It can be given by the path of a file as well, see `secret-file.ts`. */
  readonly isSecret?: boolean;
}

export interface SecretKind extends Kind<string> {
  readonly isSecret: true;
}

const ok = <T>(value: T): Reading<T> => ({ ok: true, value });
const expected = (what: string): Reading<never> => ({ ok: false, expected: what });

export function integer(min: number, max: number): Kind<number> {
  const what = `a whole number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  return {
    hint: 'n',
    read: (text) => {
      const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? ok(value) : expected(what);
    },
  };
}

/** An integer, or `off`, which reads as Infinity. */
export function limit(min: number, max: number): Kind<number> {
  const finite = integer(min, max);
  return {
    hint: 'n|off',
    read: (value) => {
      if (value === 'off') return ok(Number.POSITIVE_INFINITY);
      const reading = finite.read(value);
      return reading.ok ? reading : expected(`${reading.expected}, or off`);
    },
  };
}

export function decimal(min: number, max: number): Kind<number> {
  const what = `a number from ${min.toLocaleString('en')} to ${max.toLocaleString('en')}`;
  return {
    hint: 'n',
    read: (text) => {
      const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
      return value >= min && value <= max ? ok(value) : expected(what);
    },
  };
}

export const text: Kind<string> = {
  hint: 'text',
  read: (value) => (value === '' ? expected('a text that is not empty') : ok(value)),
};

export const secret: SecretKind = { ...text, isSecret: true };

/** Comma separated, without empty parts. */
export const list: Kind<readonly string[]> = {
  hint: 'a,b,…',
  read: (value) => {
    const parts = value.split(',').map((part) => part.trim());
    return parts.every((part) => part !== '') ? ok(parts) : expected('names separated by commas');
  },
};

/** `name=value`, separated by commas. */
export const pairs: Kind<Readonly<Record<string, string>>> = {
  hint: 'name=value,…',
  read: (value) => {
    const parts = value.split(',').map((part) => /^\s*([a-z]+)=([\x21-\x7e]+)\s*$/i.exec(part));
    return parts.every((part) => part !== null)
      ? ok(Object.fromEntries(parts.map(([, name = '', paired = '']) => [name, paired])))
      : expected('name=value, separated by commas, the names of letters only');
  },
};

/** Host names, of which the first part may be `*`; or `*` alone. */
export const hostNames: Kind<readonly string[]> = {
  hint: 'name,…',
  read: (value) => {
    const names = value.split(',').map((part) => part.trim());
    return names.every((name) => /^(\*|(\*\.)?[a-z\d_-]+(\.[a-z\d_-]+)*)$/i.test(name))
      ? ok(names)
      : expected('host names without a port, separated by commas, such as streamlens.example.com or *.example.com');
  },
};

/** IP addresses and networks. */
export const networks: Kind<readonly string[]> = {
  hint: 'address,…',
  read: (value) => {
    const parts = value.split(',').map((part) => part.trim());
    return parts.every(isNetwork)
      ? ok(parts)
      : expected('addresses or networks separated by commas, such as 10.0.0.0/8');
  },
};

function isNetwork(part: string): boolean {
  const [address = '', bits, ...more] = part.split('/');
  const bitsMax = isIPv6(address) ? 128 : 32;
  if (isIP(address) === 0 || more.length > 0) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= bitsMax);
}

/** `host:port` pairs; an address of IPv6 stands in brackets. */
export const brokers: Kind<readonly string[]> = {
  hint: 'host:port,…',
  read: (value) => {
    const parts = value.split(',').map((part) => part.trim());
    return parts.every((part) => /^(\[[\da-fA-F:.%]+\]|[^\s:/[\]]+):\d{1,5}$/.test(part))
      ? ok(parts)
      : expected('host:port, separated by commas ([::1]:9092 for an IPv6 address)');
  },
};

/** Milliseconds, from `250ms`, `30s`, `15m`, `24h`, `7d`; a bare number is refused because nobody knows its unit. */
export function duration(minMs: number, maxMs: number): Kind<number> {
  const what = `a duration from ${showDuration(minMs)} to ${showDuration(maxMs)}, such as 250ms, 30s, 15m, 24h or 7d`;
  return {
    hint: 'duration',
    read: (value) => {
      const match = /^(\d+)(ms|s|m|h|d)$/.exec(value);
      const ms =
        match === null ? Number.NaN : Number(match[1]) * (UNITS_MS[match[2] as keyof typeof UNITS_MS] ?? Number.NaN);
      return ms >= minMs && ms <= maxMs ? ok(ms) : expected(what);
    },
  };
}

/** A duration, or `forever`, which reads as Infinity. */
export function retention(minMs: number): Kind<number> {
  const finite = duration(minMs, 36_500 * UNITS_MS.d);
  return {
    hint: 'duration|forever',
    read: (value) => {
      if (value === 'forever') return ok(Number.POSITIVE_INFINITY);
      const reading = finite.read(value);
      return reading.ok ? reading : expected(`${reading.expected}, or forever`);
    },
  };
}

export function oneOf<T extends string>(...choices: readonly T[]): Kind<T> {
  return {
    hint: choices.join('|'),
    read: (value) => {
      const choice = choices.find((each) => each === value);
      return choice === undefined ? expected(`one of ${choices.join(', ')}`) : ok(choice);
    },
  };
}

export const flag: Kind<boolean> = {
  hint: 'true|false',
  read: (value) => {
    if (value === 'true' || value === '1') return ok(true);
    if (value === 'false' || value === '0') return ok(false);
    return expected('true or false');
  },
};

/** A connection URL with a password in it. */
export const postgresDsn: SecretKind = {
  hint: 'postgres://…',
  isSecret: true,
  read: (value) =>
    /^postgres(ql)?:\/\/\S+$/.test(value)
      ? ok(value)
      : expected('postgres://user:password@host:port/database?sslmode=…'),
};

export const httpUrl: Kind<string> = {
  hint: 'http://…',
  read: (value) => {
    const url = /^https?:\/\/[^\s/]+/.test(value) ? URL.parse(value) : null;
    if (url === null) return expected('an http:// or https:// URL');
    if (REFUSED_PORTS.has(Number(url.port))) return expected('a URL of another port: HTTP clients refuse this one');
    return ok(value.replace(/\/+$/, ''));
  },
};

/**
 * Ports of other protocols, which `fetch` refuses before it connects: trying again is in vain (WHATWG, "bad ports").
 */
export const REFUSED_PORTS: ReadonlySet<number> = new Set(
  (
    '1 7 9 11 13 15 17 19 20 21 22 23 25 37 42 43 53 69 77 79 87 95 101 102 103 104 109 110 111 113 115 117 119 123 ' +
    '135 137 139 143 161 179 389 427 465 512 513 514 515 526 530 531 532 540 548 554 556 563 587 601 636 989 990 993 ' +
    '995 1719 1720 1723 2049 3659 4045 4190 5060 5061 6000 6566 6665 6666 6667 6668 6669 6679 6697 10080'
  )
    .split(' ')
    .map(Number),
);

export function showDuration(ms: number): string {
  if (ms === Number.POSITIVE_INFINITY) return 'forever';
  const unit =
    (['d', 'h', 'm', 's'] as const).find((each) => ms >= UNITS_MS[each] && ms % UNITS_MS[each] === 0) ?? 'ms';
  return `${ms / UNITS_MS[unit]}${unit}`;
}

const UNITS_MS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
