import { type Logger as PinoLogger, pino } from 'pino';

export type Logger = PinoLogger;

/** Of which trace and span a line is; asked for each. */
export type TraceIds = () => Readonly<Record<string, string>>;

/**
 * Structured lines on stderr, one JSON object each: stdout belongs to what a command answers.
 * Whatever could hold a secret is cut out wherever it stands.
 */
export function createLogger(role: string, level: string, traceIds?: TraceIds): Logger {
  return pino(
    {
      level,
      base: { role },
      ...(traceIds === undefined ? {} : { mixin: traceIds }),
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: SECRETS, censor: '[secret]' },
    },
    pino.destination({ dest: 2, sync: true }),
  );
}

const SECRETS = ['dsn', 'password', '*.password', 'authorization', 'req.headers.authorization', '*.connectionString'];
