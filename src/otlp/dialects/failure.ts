import { type ErrorKind, type ErrorSigns, errorKindOf } from '../../events/error-kind.ts';
import { STATUS_ERROR } from '../decode/trace-export.ts';
import type { SpanReader } from './span-reader.ts';

/** Why a call failed or was stopped, as far as the sender says. */
export interface Failure extends ErrorSigns {
  readonly kind: ErrorKind;
}

/**
 * A call failed where its span has status ERROR, an `error.type`, or Langfuse's level ERROR. An exception event
 * alone does not count: a handled exception leaves one too.
 */
export function readFailure(reader: SpanReader): Failure | null {
  const { span } = reader;
  const isFailed =
    span.statusCode === STATUS_ERROR ||
    reader.attributeText('error.type') !== null ||
    reader.attributeText('langfuse.observation.level') === 'ERROR';
  if (!isFailed) return null;
  const message = span.statusMessage === '' ? reader.text('errorMessage') : span.statusMessage;
  const signs = {
    type: reader.text('errorType'),
    message,
    httpStatus: httpStatusFrom(reader.number('httpStatus')) ?? httpStatusIn(message),
  };
  return { ...signs, kind: errorKindOf(signs) };
}

/**
 * One line for the event's `error`: type, message, and the HTTP status where neither says it. Never empty, since
 * an empty error would mean that the call went well.
 */
export function failureText({ type, httpStatus, message }: ErrorSigns): string {
  const shortType = type?.slice(type.lastIndexOf('.') + 1) ?? null;
  const named = message !== null && shortType !== null && message.includes(shortType);
  const text = [named ? null : type, message].filter((part) => part !== null).join(': ');
  const withStatus = httpStatus === null || text.includes(String(httpStatus)) ? text : `${text} (HTTP ${httpStatus})`;
  return withStatus.trim() === '' ? 'unknown error' : withStatus.trim();
}

function httpStatusFrom(code: number | null): number | null {
  return code !== null && code >= 100 && code <= 599 ? code : null;
}

/** "Error code: 429 - …", "status_code: 429, …" and "429 Rate limit …" are how Python and Node SDKs say it. */
function httpStatusIn(message: string | null): number | null {
  const [, named, leading] = /(?:Error code|status_code): (\d{3})\b|^(\d{3})\s/.exec(message ?? '') ?? [];
  const digits = named ?? leading;
  return digits === undefined ? null : httpStatusFrom(Number(digits));
}
