import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ingestionPorts } from '../../src/dashboard/page-settings.ts';
import { withGlobals } from './page-globals.ts';

const portsOf = (content: string | null) =>
  withGlobals({ document: { querySelector: () => (content === null ? null : { content }) } }, ingestionPorts);

test('the ports are those that the server wrote into the page', async () => {
  assert.deepEqual(await portsOf('{"ingestion":{"http":8080,"grpc":4317}}'), { http: 8080, grpc: 4317 });
  assert.equal(await portsOf('{"ingestion":null}'), null);
});

test('a page without settings, or with damaged ones, knows of no ingestion API', async () => {
  for (const content of [null, '', '{', 'null']) assert.equal(await portsOf(content), null, String(content));
});
