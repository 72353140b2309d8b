import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ErrorKind, errorKindOf } from './error-kind.ts';

const CASES: readonly (readonly [ErrorKind, string | null, number | null, string | null])[] = [
  ['rate_limit', 'RateLimitError', null, null],
  ['rate_limit', 'openai.RateLimitError', 429, 'Error code: 429'],
  ['rate_limit', null, null, 'status 429, rate limit reached'],
  ['rate_limit', 'ThrottlingException', null, null],
  ['rate_limit', 'RESOURCE_EXHAUSTED', null, null],
  ['rate_limit', 'AI_APICallError', null, 'You exceeded your current quota'],
  ['rate_limit', '429', null, null],
  ['timeout', 'APITimeoutError', null, 'Request timed out.'],
  ['timeout', 'context.deadlineExceededError', null, 'context deadline exceeded'],
  ['timeout', 'TaskCanceledException', null, 'The request was canceled due to the configured HttpClient.Timeout'],
  ['timeout', null, 504, null],
  ['auth', 'AuthenticationError', null, null],
  ['auth', null, 403, null],
  ['invalid_request', 'BadRequestError', 400, null],
  ['invalid_request', 'NotFoundError', null, 'The model does not exist'],
  ['content_filter', 'BadRequestError', 400, 'The response was filtered: content_filter'],
  ['content_filter', 'openai.ContentPolicyViolationError', null, null],
  ['server', 'InternalServerError', null, null],
  ['server', 'overloaded_error', 529, null],
  ['server', 'APIConnectionError', null, 'Connection error.'],
  ['server', 'ConnectionAbortedError', null, null],
  ['server', 'RemoteProtocolError', null, 'peer closed connection without sending complete message body'],
  ['server', null, null, 'read ECONNRESET'],
  ['cancelled', 'asyncio.exceptions.CancelledError', null, null],
  ['cancelled', 'AbortError', null, 'This operation was aborted'],
  ['cancelled', 'APIUserAbortError', null, 'Request was aborted.'],
  ['cancelled', 'GeneratorExit', null, null],
  ['cancelled', 'KeyboardInterrupt', null, null],
  ['cancelled', '*errors.errorString', null, 'context canceled'],
  ['cancelled', 'java.util.concurrent.CancellationException', null, null],
  ['cancelled', 'ResponseAborted', null, null],
  ['cancelled', 'CANCELLED', null, null],
  ['cancelled', null, 499, null],
  ['cancelled', null, null, 'Client disconnected'],
  ['other', 'Error', null, 'stream aborted after 200 tokens'],
  ['other', null, null, null],
];

for (const [kind, type, httpStatus, message] of CASES) {
  test(`${[type, httpStatus, message].filter((sign) => sign !== null).join(', ') || 'nothing said'} is ${kind}`, () => {
    assert.equal(errorKindOf({ type, httpStatus, message }), kind);
  });
}
