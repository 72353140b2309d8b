import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { test } from 'node:test';
import {
  importSessions,
  type Start,
  sendCallByHand,
  sendSampleTraffic,
  setUpOpenTelemetry,
} from '../../src/dashboard/start-commands.ts';

const HOME = 'http://localhost:8081';
const START: Start = { base: 'http://localhost:8080', tenant: 'default', isKeyWanted: false };
const AT_MS = Date.UTC(2026, 10, 29, 10, 30, 5, 678);

/** The arguments of each command as a shell understands them, with `curl` and `streamlens` replaced. */
function argumentsOf(commands: string): readonly (readonly string[])[] {
  const record = '{ printf "%s\\0" "$@"; printf "\\n\\0"; }';
  const script = `curl() ${record}\nstreamlens() ${record}\n${commands}\n`;
  const told = execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0\n\0');
  return told.slice(0, -1).map((each) => each.split('\0'));
}

test('sample traffic goes to where the ingestion API listens', () => {
  assert.deepEqual(argumentsOf(sendSampleTraffic({ ...START, base: 'https://in.example' })), [
    ['generate-traffic', '--requests', '500', '--base-url', 'https://in.example'],
  ]);
});

test('an import says only what it would not find out by itself', () => {
  assert.deepEqual(argumentsOf(importSessions(START, HOME)), [['import', 'claude-code']]);
  const elsewhere = { base: 'https://in.example', tenant: "O'Hara & co", isKeyWanted: false };
  assert.deepEqual(argumentsOf(importSessions(elsewhere, 'https://page.example')), [
    [
      'import',
      'claude-code',
      '--base-url',
      'https://in.example',
      '--metrics-url',
      'https://page.example',
      '--tenant',
      "O'Hara & co",
    ],
  ]);
});

test('a call by hand is a request and its response, whatever the tenant is called', () => {
  const tenant = `it's "$HOME" \`x\` \\`;
  const [request, response] = argumentsOf(sendCallByHand({ ...START, tenant }, AT_MS));
  const bodies = [request, response].map((each) => JSON.parse(each?.at(-1) ?? '') as Record<string, unknown>);
  assert.deepEqual([request?.[2], response?.[2]], [`${START.base}/v1/llm/request`, `${START.base}/v1/llm/response`]);
  assert.equal(bodies[0]?.['tenant_id'], tenant);
  assert.equal(bodies[0]?.['request_id'], bodies[1]?.['request_id']);
  assert.equal(bodies[0]?.['timestamp'], '2026-11-29T10:30:05Z');
});

test('a call that is sent later is another one', () => {
  assert.notEqual(sendCallByHand(START, AT_MS), sendCallByHand(START, AT_MS + 1));
});

test('where a key is wanted each block gives it once and uses it, else none speaks of it', () => {
  const blocks = (isKeyWanted: boolean): readonly string[] => {
    const start = { ...START, isKeyWanted };
    return [
      sendSampleTraffic(start),
      importSessions(start, HOME),
      sendCallByHand(start, AT_MS),
      setUpOpenTelemetry(start),
    ];
  };
  for (const block of blocks(true)) {
    assert.equal(block.split('export STREAMLENS_KEY=').length, 2, block);
    assert.ok(block.startsWith('export STREAMLENS_KEY=') && block.includes('$STREAMLENS_KEY'), block);
  }
  for (const block of blocks(false)) assert.ok(!/key/i.test(block), block);
});

test('OpenTelemetry gets the address and a tenant that is encoded as its attributes are', () => {
  const script = `${setUpOpenTelemetry({ ...START, tenant: "a,b=c'd" })}\nprintf '%s %s' "$OTEL_EXPORTER_OTLP_ENDPOINT" "$OTEL_RESOURCE_ATTRIBUTES"`;
  const told = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
  assert.equal(told, `${START.base} tenant.id=a%2Cb%3Dc'd`);
});
