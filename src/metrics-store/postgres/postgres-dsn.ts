import { StorageError } from '../../storage/storage-error.ts';

/** A DSN taken apart as far as needed; the rest is pg's business. */
export interface PostgresDsn {
  /** For `pg`, with the meaning of `sslmode` that libpq gives it. */
  readonly connectionString: string;
  /** `host:port/database`, for messages. */
  readonly place: string;
  /** Settings of each session; those of the DSN come last and win. */
  readonly serverOptions: string;
  /** `prefer` and `allow`: try TLS, go on without where the server has none. */
  readonly isTlsOptional: boolean;
}

/** Compiling a statement takes 10 to 80 ms, longer than any statement here runs. */
const SESSION_OPTIONS = '-c jit=off';

const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'];

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`.
 *
 * @throws {StorageError} `setting-refused`; the message never repeats the DSN, as that may hold a password.
 */
export function parseDsn(dsn: string): PostgresDsn {
  const url = URL.canParse(dsn) ? new URL(dsn) : null;
  if (url === null || !/^postgres(ql)?:$/.test(url.protocol)) {
    throw refused('is no URL; write postgres://user:password@host:5432/database?sslmode=disable');
  }
  const mode = url.searchParams.get('sslmode');
  if (mode !== null && !SSL_MODES.includes(mode)) {
    throw refused(`has sslmode=${mode}; accepted are ${SSL_MODES.join(', ')}`);
  }
  if (mode === 'verify-ca' && !url.searchParams.has('sslrootcert')) {
    throw refused('has sslmode=verify-ca but no sslrootcert; name the file of the certificate authority');
  }
  const serverOptions = `${SESSION_OPTIONS} ${url.searchParams.get('options') ?? ''}`.trim();
  url.searchParams.delete('options');
  const isTlsOptional = mode === 'allow' || mode === 'prefer';
  if (isTlsOptional) url.searchParams.set('sslmode', 'require');
  // Without it, pg takes `require` for `verify-full`.
  if (mode !== null) url.searchParams.set('uselibpqcompat', 'true');
  const host = url.searchParams.get('host') ?? url.hostname;
  const place = `${host}:${url.port || '5432'}${url.pathname}`;
  return { connectionString: url.href, place, serverOptions, isTlsOptional };
}

/** The data source without TLS. */
export function withoutTls(dsn: PostgresDsn): PostgresDsn {
  const url = new URL(dsn.connectionString);
  url.searchParams.set('sslmode', 'disable');
  return { ...dsn, connectionString: url.href, isTlsOptional: false };
}

function refused(problem: string): StorageError {
  return new StorageError('setting-refused', `POSTGRES_DSN ${problem}.`);
}
