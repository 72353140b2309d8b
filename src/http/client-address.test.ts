import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TrustedProxies } from './client-address.ts';

const proxies = new TrustedProxies(['10.0.0.0/8', '192.0.2.7', 'fd00::/8']);

test('the word of a trusted proxy is taken, and that of the proxies that it trusts', () => {
  assert.equal(proxies.clientAddress('10.1.1.1', '203.0.113.9'), '203.0.113.9');
  assert.equal(proxies.clientAddress('::ffff:10.1.1.1', '203.0.113.9, 192.0.2.7'), '203.0.113.9');
  assert.equal(proxies.clientAddress('fd00::1', '2001:db8::5'), '2001:db8::5');
  assert.equal(proxies.clientAddress('10.1.1.1', '[2001:db8::5]:4711'), '2001:db8::5');
  assert.equal(proxies.clientAddress('10.1.1.1', '203.0.113.9:4711'), '203.0.113.9');
});

test('what an untrusted sender claims is not believed', () => {
  assert.equal(proxies.clientAddress('203.0.113.9', '198.51.100.1'), '203.0.113.9');
  assert.equal(proxies.clientAddress('10.1.1.1', '198.51.100.1, 203.0.113.9'), '203.0.113.9');
  assert.equal(new TrustedProxies([]).clientAddress('10.1.1.1', '198.51.100.1'), '10.1.1.1');
});

test('a proxy that names nobody, or no address, is the sender itself', () => {
  for (const word of [undefined, '', 'unknown', 'evil<script>']) {
    assert.equal(proxies.clientAddress('10.1.1.1', word), '10.1.1.1', word);
  }
});
