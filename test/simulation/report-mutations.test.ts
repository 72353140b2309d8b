import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { availableParallelism } from 'node:os';
import { describe, test } from 'node:test';
import { assertApplicable } from './assert-applicable.ts';
import type { Mutation } from './mutations.ts';

const PRELOADED = ['./mutation-hook.ts', './first-failure.ts'].flatMap((file) => [
  '--import',
  new URL(file, import.meta.url).href,
]);
const TESTS = [
  'reports/stable-matching.test.ts',
  'metrics-processor/core/reports/early-closed-traces.test.ts',
  'metrics-processor/core/join/following-evaluations.test.ts',
  'reports/application.test.ts',
  'reports/told-by-several.test.ts',
  'metrics-processor/core/reports/report-judge.test.ts',
  'reports/open-calls.property.test.ts',
  'metrics-processor/core/reports/closed-groups.test.ts',
].map((path) => new URL(`../../src/${path}`, import.meta.url).pathname);

const JUDGE = 'metrics-processor/core/reports/report-judge.ts';
const GROUPS = 'metrics-processor/core/reports/closed-groups.ts';
const EFFECTS = 'metrics-processor/core/sums/effects.ts';
const OPEN = 'reports/open-calls.ts';
const LINKS = 'reports/linked-calls.ts';

const MUTATIONS: readonly Mutation[] = [
  {
    name: 'what was counted is never taken back',
    file: JUDGE,
    find: 'for (const change of calls) this.#takeBack(change, prices, effects);',
    replace: '',
  },
  {
    name: 'what was counted is taken back twice',
    file: JUDGE,
    find: 'for (const change of calls) this.#takeBack(change, prices, effects);',
    replace: 'for (const change of [...calls, ...calls]) this.#takeBack(change, prices, effects);',
  },
  {
    name: 'the new call is taken back instead of the old one',
    file: JUDGE,
    find: 'effects.takeBack(this.#record.read(before),',
    replace: 'effects.takeBack(this.#record.read(arguments[0].now ?? before),',
  },
  {
    name: 'a single call is left where it was when its call moves',
    file: EFFECTS,
    find: 'this.#resolved.set(callKey(identity), { identity, call: null });',
    replace: '',
  },
  {
    name: 'usage is not taken back',
    file: EFFECTS,
    find: 'subtractUsage(sums.usage(this.#answered), usage);',
    replace: '',
  },
  {
    name: 'of two versions of a span the one that came last stands',
    file: OPEN,
    find: "if (!isNewer(report, known.report)) return 'repeated';",
    replace: '',
  },
  {
    name: 'of two versions of a span the one that came first stands',
    file: OPEN,
    find: "if (!isNewer(report, known.report)) return 'repeated';",
    replace: "if (known !== undefined) return 'repeated';",
  },
  {
    name: 'a call that becomes part of another one stays counted',
    file: OPEN,
    find: 'if (!now.has(key)) changes.push(',
    replace: 'if (false) changes.push(',
  },
  {
    name: 'a gateway names the route of the calls that go through it',
    file: 'reports/resolved-call.ts',
    find: '?? servedBy(application) ??',
    replace: '??',
  },
  {
    name: 'a call is compared only as its gateway tells it',
    file: 'reports/compared-call.ts',
    find: 'if (call.members.length === 1) return',
    replace: 'if (call.members.length > 0) return',
  },
  {
    name: 'a short response id is known to the nearest service alone',
    file: 'reports/response-key.ts',
    find: 'if (call.others.length === 0) {',
    replace: 'if (call.others.length >= 0) {',
  },
  {
    name: 'calls that two services name are not one with those that either names',
    file: 'reports/open-responses.ts',
    find: 'if (node.responseKeys.length > 1) for (const other of this.#of(node)) group.add(other);',
    replace: '',
  },
  {
    name: 'a call that a gateway tells of is another one than that of any other trace',
    file: 'reports/generation-gaps.ts',
    find: 'if (x.process !== y.process) continue;',
    replace: 'if (x.process !== y.process || Math.max(a.tellings.length, b.tellings.length) > 1) continue;',
  },
  {
    name: 'who lost a twin looks for no other',
    file: 'reports/stable-matching.ts',
    find: 'looking.push(left);',
    replace: '',
  },
  {
    name: 'the first twin that fits is kept, whoever fits better comes later',
    file: 'reports/stable-matching.ts',
    find: 'if (theirs !== undefined && !this.#isCloser([node, other], [other, theirs])) continue;',
    replace: 'if (theirs !== undefined) continue;',
  },
  {
    name: 'the calls of one response are found only when the second of them comes',
    file: LINKS,
    find: 'this.#regenerate(responses);',
    replace: 'if (gone.length === 0) this.#regenerate(responses);',
  },
  {
    name: 'a closed trace is forgotten at once',
    file: JUDGE,
    find: 'this.#closed.close(each);',
    replace: '',
  },
  {
    name: 'a trace is never closed',
    file: JUDGE,
    find: 'else this.#close(number);',
    replace: 'else this.#silentSince(number, lastMs + this.#options.traceHorizonMs);',
  },
  {
    name: 'a call that sleeps is not found by its twin',
    file: 'reports/process-calls.ts',
    find: 'this.#wake(sliceHash(this.#startsHash, near));',
    replace: ';',
  },
  {
    name: 'a call that sleeps is not found by its response id',
    file: 'reports/open-responses.ts',
    find: 'for (const { hash } of node.responseKeys) this.#wake(hash);',
    replace: '',
  },
  {
    name: 'a new call is counted as it is, though one that sleeps names the same response',
    file: 'reports/open-traces.ts',
    find: 'if (response !== null && this.#sleeping.knows(response)) return null;',
    replace: '',
  },
  {
    name: 'a new call is counted as it is, though one that is awake names the same response',
    file: LINKS,
    find: 'if (response !== null && this.#responses.has(response)) return null;',
    replace: '',
  },
  {
    name: 'a new call is counted as it is, though another instrumentation reports its process',
    file: 'reports/process-calls.ts',
    find: 'if (known === undefined && this.#scopes.size > 0) return false;',
    replace: '',
  },
  {
    name: 'a call that was to be counted as it is stays so, when its twin comes',
    file: 'reports/open-traces.ts',
    find: 'this.#onRaised(trace);',
    replace: '',
  },
  {
    name: 'a trace that sleeps is not found by its id',
    file: 'reports/open-traces.ts',
    find: '&& this.wake(hash)',
    replace: '&& false',
  },
  {
    name: 'a trace that sleeps forgets what its calls are counted under',
    file: 'reports/open-traces.ts',
    find: 'node.series = calls[index]?.series ?? null;',
    replace: '',
  },
  {
    name: 'a restart reads no reports back',
    file: 'metrics-processor/core/checkpoint/recall.ts',
    find: 'this.#core.foldReport(record, place, null, this.#ownSighted[topic].has(place));',
    replace: '',
  },
  {
    name: 'a report that came too late is taken for a new one when the log is read back',
    file: 'metrics-processor/core/shard-core.ts',
    find: "if (taken === 'late') return this.invalid[TOPICS.reports].add(place, loggedAtMs);",
    replace: "if (taken === 'late') return;",
  },
  {
    name: 'a restart closes traces that were kept open by what it does not read',
    file: JUDGE,
    find: 'if (wasOpen) this.#recalled.add(number);',
    replace: '',
  },
  {
    name: 'a restart books a span under the time of the first version that it reads',
    file: 'reports/open-traces.ts',
    find: 'if (bookedMs < fromMs && bookedPlace !== place) places.push({ place: bookedPlace, loggedAtMs: bookedMs });',
    replace: '',
  },
  {
    name: 'a restart reads back the later reports of a closed trace alone',
    file: GROUPS,
    find: 'group.firstMs < fromMs && group.lastMs >= fromMs',
    replace: 'false',
  },
  {
    name: 'what stands around several calls is remembered as one of them',
    file: 'metrics-processor/core/reports/closed-reports.ts',
    find: 'if (around.has(spanId)) this.#touch(aroundKey(trace.sender, id), seenMs);',
    replace: '',
  },
  {
    name: 'a call is taken back at the prices of the day once the processor was restarted',
    file: JUDGE,
    find: 'this.#open.settle(this.#prices.recalled)',
    replace: 'this.#open.settle(null)',
  },
  {
    name: 'a call that nothing changed is taken for counted at the prices of the day',
    file: OPEN,
    find: 'node.mark = isAsBefore ? known.mark : mark;',
    replace: 'node.mark = mark;',
  },
  {
    name: 'a report stays booked under the tenant that it had first',
    file: OPEN,
    find: 'if (now === report.booking) return;',
    replace: 'if (report.booking !== null) return;',
  },
];

test('every bug can be put in', () => assertApplicable(MUTATIONS));

describe('the tests of reports catch a program in which', { concurrency: Math.min(2, availableParallelism()) }, () => {
  for (const mutation of MUTATIONS) {
    test(mutation.name, async () => {
      const output = await run(mutation);
      assert.match(output, /MUTATED/, 'the bug was put in');
      assert.match(output, FAILED_TEST);
    });
  }
});

/** The slower tests run only where the first ones notice nothing. */
async function run(mutation: Mutation): Promise<string> {
  let all = '';
  for (const file of TESTS) {
    all += await runFile(file, mutation);
    if (FAILED_TEST.test(all)) break;
  }
  return all;
}

const FILE_MS_MAX = 240_000;

/** As `first-failure.ts` writes it. Only this is evidence: what turns in circles is ended, and proves nothing. */
const FAILED_TEST = /^FAILED: /m;

function runFile(file: string, mutation: Mutation): Promise<string> {
  const child = spawn(process.execPath, [...PRELOADED, file], {
    env: { ...process.env, STREAMLENS_MUTATION: JSON.stringify(mutation), NODE_TEST_CONTEXT: '' },
    timeout: FILE_MS_MAX,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk.toString()));
  return new Promise((resolve) => child.once('close', () => resolve(output)));
}
