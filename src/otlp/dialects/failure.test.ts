import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aSpan } from '../otlp-builders.contract.ts';
import { errorSigns, failureText, readFailure } from './failure.ts';
import { SpanReader } from './span-reader.ts';

test('a stack that is glued to the message is none of it', () => {
  const statusMessage = 'RateLimitError("429")Traceback (most recent call last):\n\n  File "/home/me/app.py", line 1';
  const { message } = errorSigns(new SpanReader(aSpan({ statusCode: 2, statusMessage })));
  assert.equal(message, 'RateLimitError("429")');
});

test('a call fails by its status, by error.type, or by the level of Langfuse', () => {
  const fails = (given: Parameters<typeof aSpan>[0]) => readFailure(new SpanReader(aSpan(given))) !== null;
  assert.equal(fails({}), false);
  assert.equal(fails({ statusCode: 2 }), true);
  assert.equal(fails({ attributes: { 'error.type': 'x' } }), true);
  assert.equal(fails({ attributes: { 'langfuse.observation.level': 'ERROR' } }), true);
});

test('the HTTP status is read from attributes, else from the message', () => {
  const statusOf = (statusMessage: string, attributes: Record<string, string> = {}) =>
    readFailure(new SpanReader(aSpan({ statusCode: 2, statusMessage, attributes })))?.httpStatus;
  assert.equal(statusOf('Error code: 429 - slow down'), 429);
  assert.equal(statusOf('ModelRateLimitError: status_code: 500, model'), 500);
  assert.equal(statusOf('429 Rate limit'), 429);
  assert.equal(statusOf('Connection error.'), null);
  assert.equal(statusOf('', { 'error.code': '429' }), 429);
  assert.equal(statusOf('', { 'error.code': 'server_error' }), null);
});

test('the text has type, message and HTTP status, each once', () => {
  assert.equal(
    failureText({ type: 'rate_limit_error', httpStatus: 429, message: null }),
    'rate_limit_error (HTTP 429)',
  );
  assert.equal(
    failureText({ type: 'RateLimitError', httpStatus: 429, message: 'Error code: 429 - slow' }),
    'RateLimitError: Error code: 429 - slow',
  );
  assert.equal(
    failureText({
      type: 'openai.APIConnectionError',
      httpStatus: null,
      message: 'APIConnectionError: Connection error.',
    }),
    'APIConnectionError: Connection error.',
  );
  assert.equal(failureText({ type: null, httpStatus: null, message: null }), 'unknown error');
});

test('where nothing else says what went wrong, the finish reason does', () => {
  const kindOf = (reason: string) =>
    readFailure(new SpanReader(aSpan({ attributes: { 'gen_ai.response.finish_reasons': [reason] } })))?.kind;
  assert.equal(kindOf('ERROR_TOXIC'), 'content_filter');
  assert.equal(kindOf('insufficient_system_resource'), 'server');
  assert.equal(kindOf('error'), 'other');
  assert.equal(kindOf('USER_CANCEL'), 'cancelled');
  assert.equal(kindOf('content_filter'), undefined);
});
