import assert from 'node:assert/strict';
import { test } from 'node:test';
import { KnownHosts } from './known-hosts.ts';

test('addresses, localhost, names without a dot and allowed names are known, others are not', () => {
  const hosts = new KnownHosts(['streamlens.example.com', '*.svc.cluster.local']);
  const addresses = ['127.0.0.1', '127.0.0.1:8080', '10.1.2.3', '[::1]', '[::1]:8080'];
  const local = ['localhost', 'localhost:8080', 'LOCALHOST', 'app.localhost', 'ingestion-api:8080', 'streamlens'];
  const allowed = ['streamlens.example.com:443', 'StreamLens.Example.com.', 'a.b.svc.cluster.local'];
  const known = [...addresses, ...local, ...allowed, '', undefined];
  for (const host of known) assert.equal(hosts.knows(host), true, host);
  const foreign = [
    'evil.example',
    'evil.example:8080',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'example.com',
  ];
  for (const host of foreign) {
    assert.equal(hosts.knows(host), false, host);
    assert.throws(() => hosts.check(host), { status: 403 }, host);
  }
  assert.equal(new KnownHosts(['*']).knows('evil.example'), true);
});

test('a page of another origin may not send; its own, an allowed one and what is no page may', () => {
  const hosts = new KnownHosts(['pages.example.com']);
  const host = '127.0.0.1:8080';
  const sent = (origin?: string, fetchSite?: string) => hosts.refuseForeignPage({ origin, host, fetchSite });
  sent();
  sent(undefined, 'none');
  sent(undefined, 'same-origin');
  sent(`http://${host}`, 'same-origin');
  sent('https://pages.example.com', 'cross-site');
  const foreign = [
    ['http://evil.example', 'cross-site'],
    ['http://evil.example', undefined],
    ['http://127.0.0.1:3000', 'same-site'],
    ['null', 'cross-site'],
    ['', undefined],
    [undefined, 'cross-site'],
    [undefined, 'same-site'],
  ] as const;
  for (const [origin, site] of foreign) assert.throws(() => sent(origin, site), { status: 403 }, `${origin} ${site}`);
});
