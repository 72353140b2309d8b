import { type ErrorKind, type ErrorSigns, errorKindOf } from '../../events/error-kind.ts';
import { STATUS_ERROR } from '../decode/trace-export.ts';
import type { Usage } from '../usage/settle-usage.ts';
import { isCancelledReason, isFailedReason } from './finish-reason.ts';
import { flagFrom, unquoted } from './read-value.ts';
import type { SpanReader } from './span-reader.ts';

/** Why a call failed or was stopped, as far as the sender says. */
export interface Failure extends ErrorSigns {
  readonly kind: ErrorKind;
}

/** OpenTelemetry's newer instrumentations write `error` for a stream that the application gave up. */
const GIVEN_UP_SCOPE = /^opentelemetry\.(?:instrumentation|util)\.genai\./;

/**
 * A call failed where its span has status ERROR, an `error.type`, the level or state of an error, or a finish reason
 * that says so. An exception event alone tells a failure only of a call without an answer: a retry that went well
 * leaves one too.
 */
export function readFailure(reader: SpanReader, usage: Pick<Usage, 'completionTokens'> = NO_ANSWER): Failure | null {
  const reason = reader.text('finishReason') ?? '';
  const isFailed = isFailedReason(reason);
  const isStopped = isCancelledReason(reason);
  const isMarked = isMarkedFailed(reader) || isFailed || isStopped;
  const hasAnswer = (usage.completionTokens ?? 0) > 0 || reason !== '';
  if (!isMarked && (hasAnswer || !reader.span.events.some(({ name }) => name === 'exception'))) return null;
  const known = errorSigns(reader);
  // Where nothing else says what went wrong, the word of the provider does.
  const isMute = known.type === null && known.message === null && known.httpStatus === null;
  const signs = isMute && isFailed && !/^error$/i.test(reason) ? { ...known, type: reason } : known;
  if (isStopped || isGivenUp(reader)) return { ...signs, kind: 'cancelled' };
  return { ...signs, kind: errorKindOf(signs) };
}

const NO_ANSWER = { completionTokens: null } as const;

/** What a span says about an error, its own or one that ended a call below it. */
export function errorSigns(reader: SpanReader): ErrorSigns {
  const { statusMessage } = reader.span;
  const text = statusMessage === '' ? reader.text('errorMessage') : statusMessage;
  const message = text === null ? null : withoutStack(text);
  const type = reader.text('errorType');
  return {
    message,
    type,
    httpStatus: httpStatusFrom(reader.number('httpStatus')) ?? httpStatusIn(message),
  };
}

/** Whether the span itself is marked as failed. */
export function isMarkedFailed(reader: SpanReader): boolean {
  const { attributes, statusCode } = reader.span;
  const status = httpStatusFrom(reader.number('httpStatus'));
  return (
    statusCode === STATUS_ERROR ||
    reader.attributeText('error.type') !== null ||
    unquoted(attributes.get('langfuse.observation.level')) === 'ERROR' ||
    reader.attributeText('genkit:state') === 'error' ||
    flagFrom(attributes.get('success')) === false ||
    flagFrom(attributes.get('error')) === true ||
    reader.attributeText('otel.status_code') === 'ERROR' ||
    (status !== null && status >= 400 && reader.text('finishReason') === null)
  );
}

/** Attributes beside the mapping table by which a span says that it failed. */
export const FAILURE_KEYS = ['error.type', 'success', 'error', 'otel.status_code'] as const;

function isGivenUp(reader: SpanReader): boolean {
  return GIVEN_UP_SCOPE.test(reader.span.scope.name) && !isMarkedFailed(reader);
}

/** LangChain's tracer glues the stack to the message, so that no line begins with it. */
const STACK =
  /\r?\n\s*(?:at |Traceback |File "|\^|#\d+ |Caused by:|goroutine )|^Traceback |Traceback \(most recent call last\):/;

/** Some SDKs put the whole trace of the stack into the message. It names files of the host and is never kept. */
function withoutStack(message: string): string {
  const [first = ''] = message.split(STACK);
  if (first.trim() !== '') return first.trim();
  // A Python traceback has its message at the end.
  return message.trim().split('\n').at(-1)?.trim() ?? '';
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
  const [, named, leading] =
    /(?:Error code|status_code|status|HTTP|code)[:= ]{1,2}([45]\d\d)\b|^([45]\d\d)\b/i.exec(message ?? '') ?? [];
  const digits = named ?? leading;
  return digits === undefined ? null : httpStatusFrom(Number(digits));
}
