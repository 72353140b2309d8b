/** The kinds of failures, by which errors are told apart. */
export const FAILURE_KINDS = [
  'rate_limit',
  'timeout',
  'auth',
  'invalid_request',
  'content_filter',
  'server',
  'other',
] as const;

export type FailureKind = (typeof FAILURE_KINDS)[number];

/** How a call ended that did not end well. With `cancelled` nothing went wrong: its user stopped it. */
export const ERROR_KINDS = [...FAILURE_KINDS, 'cancelled'] as const;

export type ErrorKind = (typeof ERROR_KINDS)[number];

/** What a sender says about an error. */
export interface ErrorSigns {
  readonly type: string | null;
  readonly httpStatus: number | null;
  readonly message: string | null;
}

/**
 * The words by which SDKs, providers and languages name errors, in lower case and without separators; the first that
 * occurs decides. A connection that was aborted is a failure: the provider or a proxy hung up.
 */
const KIND_WORDS: readonly (readonly [ErrorKind, RegExp])[] = [
  [
    'server',
    /connection(?:reset|refused|aborted|closed)|econn|epipe|sockethangup|brokenpipe|remoteprotocol|prematureclose/,
  ],
  ['timeout', /timeout|timedout|deadlineexceeded/],
  [
    'rate_limit',
    /ratelimit|toomanyrequests|throttl|quota|resourceexhausted|insufficientfunds|insufficientcredit|creditbalance|hardlimit/,
  ],
  [
    'content_filter',
    /contentfilter|contentpolicy|contentmanagement|safety|moderation|guardrail|refusal|promptblocked|blockedprompt|prohibitedcontent|blocklist|toxic/,
  ],
  ['auth', /auth|permission|forbidden|apikey|accessdenied|credential|signature/],
  [
    'invalid_request',
    /invalid|badrequest|notfound|unprocessable|validation|unsupported|contextlength|contextwindow|toolong|toolarge|valueerror|typeerror|malformed/,
  ],
  [
    'server',
    /server|overload|unavailable|apierror|connection|network|fetchfailed|gateway|enotfound|socket|notready|capacity|systemresource|protocol|incomplete|terminated/,
  ],
];

/** Exceptions of languages and SDKs by which a caller's own end of a call shows. */
const CANCELLED_TYPE =
  /cancel|^abort(?:ed|error)?$|useraborte?d?|requestaborted|responseaborted|clientdisconnect|clientclosed|generatorexit|keyboardinterrupt|interruptedexception/;

/**
 * In a message the user, the client or the context has to be named: a stream that was aborted may be anybody's doing.
 */
const CANCELLED_MESSAGE =
  /(?:by|from)(?:the)?(?:user|client|caller)|user(?:has)?(?:abort|cancel|interrupt|stopp)|client(?:has)?(?:abort|cancel|closed|disconnect)|contextcancel|(?:request|operation|call|task|run)(?:was|is|hasbeen)?(?:abort|cancel)|^(?:abort|cancel)l?ed$/;

/** Statuses that their class does not tell. 499 is nginx's word for a client that left. */
const KIND_OF_STATUS: Readonly<Record<number, ErrorKind>> = {
  401: 'auth',
  402: 'rate_limit',
  403: 'auth',
  407: 'auth',
  408: 'timeout',
  429: 'rate_limit',
  499: 'cancelled',
  504: 'timeout',
  524: 'timeout',
};

/**
 * The kind of an error. The HTTP status is the provider's own word and decides where there is one, but for a filter,
 * which providers answer with 400; then the type; then the message, in which any word may occur.
 */
export function errorKindOf({ type, httpStatus, message }: ErrorSigns): ErrorKind {
  const ofType = kindOfType(type, message);
  const ofMessage = kindOfMessage(message);
  const status = httpStatus ?? statusFrom(type);
  if (status !== null && status >= 400) {
    const ofStatus = KIND_OF_STATUS[status] ?? (status >= 500 ? 'server' : 'invalid_request');
    const isFilter = ofType === 'content_filter' || ofMessage === 'content_filter';
    return ofStatus === 'invalid_request' && isFilter ? 'content_filter' : ofStatus;
  }
  return ofType ?? ofMessage ?? 'other';
}

/**
 * The signs in an error that is one text, as senders by REST write it: `429 Too Many Requests`, `RateLimitError: …`.
 */
export function errorSignsOf(text: string): ErrorSigns {
  const [, status] = STATUS_IN_TEXT.exec(text.slice(0, CHARS_MAX)) ?? [];
  return { type: null, httpStatus: status === undefined ? null : Number(status), message: text };
}

/** A status stands at the beginning, in brackets, or behind a word that says so. */
const STATUS_IN_TEXT = /(?:^\s*|\b(?:http|status|code|error)\b[\s:=_a-z]{0,12}|\()([45]\d\d)(?![\d.])/i;

/** OpenTelemetry's HTTP instrumentations write the status as the error's type. */
function statusFrom(type: string | null): number | null {
  return type !== null && /^[45]\d\d$/.test(type) ? Number(type) : null;
}

function kindOfType(type: string | null, message: string | null): ErrorKind | null {
  // The last name of `asyncio.exceptions.CancelledError` tells, not the modules that it lies in.
  const words = wordsOf(type?.slice(type.lastIndexOf('.') + 1) ?? '');
  if (words === '') return null;
  // .NET cancels the task of a request that takes too long.
  if (CANCELLED_TYPE.test(words)) return /timeout|timedout/.test(wordsOf(message ?? '')) ? 'timeout' : 'cancelled';
  const kind = kindOfWords(words);
  // `BadRequestError: content_policy_violation` and `APIError: rate limit`: a wide type, and a message that knows
  // better.
  const isWide = kind === 'invalid_request' || kind === 'server';
  const ofMessage = isWide ? kindOfMessage(message) : null;
  return ofMessage === null || ofMessage === 'server' || ofMessage === 'invalid_request' ? kind : ofMessage;
}

function kindOfMessage(message: string | null): ErrorKind | null {
  const words = wordsOf(message ?? '');
  return CANCELLED_MESSAGE.test(words) && !/timeout|timedout/.test(words) ? 'cancelled' : kindOfWords(words);
}

function kindOfWords(words: string): ErrorKind | null {
  return KIND_WORDS.find(([, pattern]) => pattern.test(words))?.[0] ?? null;
}

function wordsOf(text: string): string {
  return text
    .slice(0, CHARS_MAX)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '');
}

/** What is wrong stands at the beginning; behind it may come the whole request. */
const CHARS_MAX = 300;
