import type { Situation } from './situations.ts';

/** A deliberate bug: one place in one file of `src/` is replaced by something wrong. */
export interface Mutation {
  /** What the program then does wrong. */
  readonly name: string;
  readonly file: string;
  readonly find: string;
  readonly replace: string;
  /** Of a rare bug: what has to happen for it to show. */
  readonly situation?: Situation;
}

const JOIN = 'metrics-processor/core/join/join.ts';
const CORE = 'metrics-processor/core/shard-core.ts';
const OWNER = 'metrics-processor/shard-owner.ts';
const COMMITTER = 'metrics-processor/group-committer.ts';
const EFFECTS = 'metrics-processor/core/sums/effects.ts';
const CALL_SUMS = 'metrics-processor/core/sums/call-sums.ts';
const ANSWERED = 'metrics-processor/core/sums/answered-call.ts';
const EVALUATIONS = 'metrics-processor/core/join/evaluation-join.ts';
const IDS = 'metrics-processor/core/join/id-table.ts';
const RECALL = 'metrics-processor/core/checkpoint/recall.ts';
const PROCESSOR = 'metrics-processor/processor.ts';
const SHARDS = 'metrics-processor/shards.ts';
const RECOVER = 'metrics-processor/recover.ts';
const REPORTS = 'metrics-processor/core/reports/report-judge.ts';
const CLOSED = 'metrics-processor/core/reports/closed-reports.ts';
const STORE = 'metrics-store/memory/memory-metrics-store.ts';
const GROUP = 'metrics-store/commit-group.ts';

export const MUTATIONS: readonly Mutation[] = [
  {
    name: 'the store adds a commit whoever owns the partition',
    file: GROUP,
    find: 'if (seq === commit.expectedSeq) return',
    replace: 'if (stored?.token !== commit.token) return',
  },
  {
    name: 'the store takes a foreign commit for the own one whose answer was lost',
    file: GROUP,
    find: '&& stored?.token === commit.token',
    replace: '',
  },
  {
    name: 'the store adds the sums of a fenced part with the rest of its group',
    file: STORE,
    find: 'this.#windows.add(added.tallies, added.committedAtMs);',
    replace:
      "this.#windows.add(commits.flatMap(({ tallies }, index) => (standings[index] === 'applied' || next.length === 0 ? [] : tallies)), added.committedAtMs);",
  },
  {
    name: 'a group that is sent again adds what was applied',
    file: STORE,
    find: 'const added = additionsOf(next);',
    replace: "const added = additionsOf(commits.filter((_, index) => standings[index] !== 'fenced'));",
  },
  {
    name: 'a group with a fenced part moves the others without their sums',
    file: STORE,
    find: 'const added = additionsOf(next);',
    replace: 'const added = additionsOf(next.length < commits.length ? [] : next);',
  },
  {
    name: 'a fenced part has its whole group called applied',
    file: STORE,
    find: 'return standings.map(outcomeOf);',
    replace: "return standings.map(() => (next.length > 0 ? 'applied' : 'fenced'));",
  },
  {
    name: 'the position that is committed runs ahead of the results',
    file: COMMITTER,
    find: '() => store.commit(commits)',
    replace:
      '() => store.commit(commits.map((commit, index) => ({ ...commit, positions: { ...owners[index]?.core.positions } }) as Commit))',
  },
  {
    name: 'a commit that was given up is followed by a later one',
    file: OWNER,
    find: 'this.#inFlight = null;\n    this.isVoid = true;',
    replace: 'this.#inFlight = null;',
    situation: 'stops while the store is away',
  },
  {
    name: 'an owner that was fenced goes on',
    file: OWNER,
    find: 'this.isVoid = true;\n      events.fenced(partition);',
    replace: 'events.fenced(partition);',
  },
  {
    name: 'an offset that no reader sees holds a partition up',
    file: OWNER,
    find: 'this.core.skipTo(topic, nextOffset, lane);',
    replace: '',
  },
  {
    name: 'calls time out by the clock of the processor',
    file: OWNER,
    find: 'const { topic, partition, records, nextOffset, endOffset, sealedThroughMs } = slice;',
    replace:
      'const { topic, partition, records, nextOffset, endOffset } = slice; const sealedThroughMs = this.#ports.runtime.nowMs();',
  },
  {
    name: 'a clock that is set back stops the commits',
    file: OWNER,
    find: 'if (sinceMs < 0) return 0;',
    replace: '',
    situation: 'clocks set back',
  },
  {
    name: 'completeness falls back after a restart',
    file: OWNER,
    find: 'Math.max(this.core.completeThroughMs, this.#committedThroughMs)',
    replace: 'this.core.completeThroughMs',
  },
  {
    name: 'a repetition exactly at the horizon counts again',
    file: JOIN,
    find: 'loggedAtMs - lastSeenMs <= this.#options.dedupHorizonMs',
    replace: 'loggedAtMs - lastSeenMs < this.#options.dedupHorizonMs',
  },
  {
    name: 'ids are forgotten after half the horizon',
    file: JOIN,
    find: 'const memoryMs = dedupHorizonMs + logTimeSlackMs;',
    replace: 'const memoryMs = dedupHorizonMs / 2;',
  },
  {
    name: 'ids are forgotten while evaluations may still ask for them',
    file: JOIN,
    find: 'requestSeenMs < readMs[TOPICS.evaluations] - memoryMs &&',
    replace: '',
  },
  {
    name: 'a response exactly at the timeout is too late',
    file: JOIN,
    find: 'return Math.abs(requestMs - responseMs) <= this.#options.joinTimeoutMs;',
    replace: 'return Math.abs(requestMs - responseMs) < this.#options.joinTimeoutMs;',
  },
  {
    name: 'what was given up in silence is given up again after a crash',
    file: JOIN,
    find: 'if (loggedAtMs >= replayMs[TOPICS.responses] - patienceMs) this.gaveUpBeyondReplay = true;',
    replace: '',
  },
  {
    name: 'a request is given up one instant too early',
    file: JOIN,
    find: 'if (loggedAtMs >= responsesFromMs) break;',
    replace: 'if (loggedAtMs > responsesFromMs) break;',
  },
  {
    name: 'evaluations take the last call of their id instead of the earliest in range',
    file: EVALUATIONS,
    find: 'return calls.find(',
    replace: 'return calls.findLast(',
  },
  {
    name: 'the checkpoint forgets which requests wait',
    file: CORE,
    find: 'Array.from(requests.arrivals, (slot) => requests.place(slot))',
    replace: '[]',
  },
  {
    name: 'the checkpoint forgets which responses wait',
    file: CORE,
    find: 'Array.from(responses.arrivals, (slot) => responses.at(slot).pending.place)',
    replace: '[]',
  },
  {
    name: 'a recall takes invalid records for sightings of their key',
    file: RECALL,
    find: 'record.key === null || this.#invalid[topic].has(place)',
    replace: 'record.key === null',
    situation: 'malformed records before restarts',
  },
  {
    name: 'a restart does not replay what was committed after the checkpoint',
    file: RECOVER,
    find: 'recordsRead += await replayCommitted(log, core, progress);',
    replace: 'for (const topic of INPUT_TOPICS) core.skipTo(topic, progress.positions[topic]);',
  },
  {
    name: 'a restart gives up what waited because it reads one topic after the other',
    file: CORE,
    find: 'this.join.isBounded = this.evaluations.isBounded = false;',
    replace: '',
    situation: 'crashes at the bound',
  },
  {
    name: 'an evaluation that was given up in silence is given up again after a crash',
    file: EVALUATIONS,
    find: 'if (loggedAtMs >= callsReadMs(event.request_id, replayMs) - patienceMs) this.gaveUpBeyondReplay = true;',
    replace: '',
  },
  {
    name: 'a late event is dropped',
    file: CALL_SUMS,
    find: 'tally.requests++;',
    replace: 'if (pending.loggedAtMs - pending.timestampMs < 3_600_000) tally.requests++;',
  },
  {
    name: 'a call counts in the window of its response',
    file: EFFECTS,
    find: 'const delta = this.#deltaOf(pending);',
    replace: 'const delta = this.deltas.at(pending.series, windowStartMs(response.timestampMs, MINUTE_MS));',
  },
  {
    name: 'the searches of a call are on the bill of the next one without audio',
    file: ANSWERED,
    find: '    this.webSearches = 0;\n    this.groundedRequests = 0;\n',
    replace: '',
  },
  {
    name: 'searches are in the cost, and not in the usage that it is priced from again',
    file: CALL_SUMS,
    find: 'usage.webSearches += answered.webSearches;',
    replace: '',
  },
  {
    name: 'what a proxy answered from its cache is on the bill',
    file: ANSWERED,
    find: 'const isFree = response.isFromCache || ',
    replace: 'const isFree = ',
  },
  {
    name: 'a call costs what the one before it cost, too',
    file: ANSWERED,
    find: 'this.cost.clear();',
    replace: '',
  },
  {
    name: 'a histogram is added twice where two deltas meet',
    file: 'tally/tally.ts',
    find: '  into.latency.add(from.latency);',
    replace: '  into.latency.add(from.latency);\n  if (into.requests > 1) into.latency.add(from.latency);',
  },
  {
    name: 'a call that failed before any output is on the bill',
    file: ANSWERED,
    find: ' || (this.isFailure && isBeforeOutput(response))',
    replace: '',
  },
  {
    name: 'an estimate by a client library wins over the price list',
    file: ANSWERED,
    find: "costReportedBy === 'client' || ",
    replace: '',
  },
  {
    name: 'a call that its user stopped is a failure',
    file: ANSWERED,
    find: " && this.errorKind !== 'cancelled'",
    replace: '',
  },
  {
    name: 'usage of two tiers is summed as one',
    file: 'metrics-processor/core/sums/deltas.ts',
    find: 'a.serviceTier === b.serviceTier &&',
    replace: '',
  },
  {
    name: 'a call that ended before it began took no time',
    file: ANSWERED,
    find: 'elapsed > 0 && elapsed < ELAPSED_MS_MAX ? elapsed : Number.NaN',
    replace: 'Math.max(elapsed, 0)',
  },
  {
    name: 'cached tokens are billed at the full rate as well',
    file: 'prices/cost.ts',
    find: 'let rest = promptTokens - cached;',
    replace: 'let rest = promptTokens;',
  },
  {
    name: 'a response that found its request stays in the books as waiting',
    file: 'metrics-processor/core/sums/audit-deltas.ts',
    find: 'before[columns.waiting]--;',
    replace: '',
  },
  {
    name: 'a row that changed while it was published is taken for published',
    file: 'metrics-store/memory/memory-windows.ts',
    find: 'merged === null || merged.revision === row.revision',
    replace: 'true',
  },
  {
    name: 'rows are called published before they are on the topic',
    file: 'metrics-processor/outbox.ts',
    find: 'await log.append(rows.map(rowRecord));\n    await store.markRowsPublished(rows);',
    replace: 'await store.markRowsPublished(rows);\n    await log.append(rows.map(rowRecord));',
  },
  {
    name: 'a sender is answered before its events are durable',
    file: 'ingestion-api/append-queue.ts',
    find: 'await this.#withinTimeout(this.#log.append(records));',
    replace: 'void this.#withinTimeout(this.#log.append(records)).catch(() => undefined);',
  },
  {
    name: 'the log calls a topic silent too early',
    file: 'event-log/memory/memory-broker.ts',
    find: 'return held.stampedMsMax;',
    replace: 'return held.stampedMsMax + 400;',
  },
  {
    name: 'requests of two tenants with one id are one call',
    file: IDS,
    find: 'if (owner === tenantId) return this.#refresh(entry);',
    replace: 'return this.#refresh(entry);',
  },
  {
    name: 'a response answers the call of another tenant',
    file: JOIN,
    find: '(tenantId !== null && tenantId !== this.ids.tenantOf(entry))',
    replace: 'false',
  },
  {
    name: 'a request takes the response of another tenant that waits for its id',
    file: JOIN,
    find: 'const isMine = pending.tenantId === null || pending.tenantId === series.tenantId;',
    replace: 'const isMine = true;',
  },
  {
    name: 'a response that names no tenant answers the newest open call of its id',
    file: JOIN,
    find: '(earliest === NONE || this.#isEarlier(slot, earliest))',
    replace: '(earliest === NONE || this.#isEarlier(earliest, slot))',
  },
  {
    name: 'a response of another tenant is taken for a repetition',
    file: JOIN,
    find: 'tenantId === null ? this.ids.touchUnnamed(id) : this.ids.touchNamed(id, tenantId)',
    replace: 'this.ids.touchUnnamed(id)',
  },
  {
    name: 'what is remembered of nameless responses is lost when a named one comes',
    file: IDS,
    find: 'this.#setUnnamed(other, true);',
    replace: '',
    situation: 'ids of several tenants',
  },
  {
    name: 'a late response of a tenant counts as foreign because another one has the same id',
    file: 'metrics-processor/core/join/sightings.ts',
    find: 'return this.otherTenant && !this.ownTenant;',
    replace: 'return this.otherTenant;',
  },
  {
    name: 'the key that a response was sent with is not looked at',
    file: 'metrics-processor/core/records/response-record.ts',
    find: 'this.tenantId ??= this.#texts.ofBytes(senderTenant, 0, senderTenant.length);',
    replace: '',
  },
  {
    name: 'a request counts for the tenant that it names, whosever key it was sent with',
    file: 'metrics-processor/core/records/request-record.ts',
    find: 'return senderTenant === null || spells(senderTenant, this.series.tenantId) ? null : FOREIGN_NAME;',
    replace: 'return null;',
  },
  {
    name: 'an evaluation is about the call of another tenant',
    file: EVALUATIONS,
    find: '(tenantId === null || call.series.tenantId === tenantId) &&',
    replace: '',
  },
  {
    name: 'an evaluation of another tenant is taken for a repetition',
    file: EVALUATIONS,
    find: "${tenantId ?? ''}\\0",
    replace: '',
  },
  {
    name: 'an evaluation stays where its call was when it was judged',
    file: CORE,
    find: 'settled: (traces) => this.#ofFollowed(',
    replace: 'settled: (traces) => void (',
  },
  {
    name: 'an evaluation that moves with its call is left in the old rows',
    file: EVALUATIONS,
    find: 'if (each.series !== null) this.#sink.evaluationTakenBack(each.series, each);',
    replace: '',
  },
  {
    name: 'an evaluation that moves with its call leaves its label behind',
    file: 'metrics-processor/core/sums/evaluation-deltas.ts',
    find: 'if (label) addLabelCounts(tally.labels, [[label, by]]);',
    replace: 'if (label && by > 0) addLabelCounts(tally.labels, [[label, by]]);',
  },
  {
    name: 'an evaluation that moves with its call stays in the books of the old tenant',
    file: 'metrics-processor/core/sums/record-outcomes.ts',
    find: 'this.effects.audit.uncount(TOPICS.evaluations, series.tenantId, pending.loggedAtMs);',
    replace: "this.effects.audit.uncount(TOPICS.evaluations, pending.tenantId ?? '', pending.loggedAtMs);",
  },
  {
    name: 'the checkpoint forgets which evaluations follow their calls',
    file: CORE,
    find: '...this.evaluations.following.places(),',
    replace: '',
  },
  {
    name: 'a restart counts an evaluation anew that followed its call',
    file: CORE,
    find: 'this.evaluations.finishRecall(this.#judgedOf);',
    replace: '',
  },
  {
    name: 'the checkpoint forgets that another tenant has the call that a response waits for',
    file: CORE,
    find: "[TOPICS.responses]: responses.placesOf('otherTenant'),",
    replace: '',
  },
  {
    name: 'a restart forgets with whose key a response was sent',
    file: RECALL,
    find: 'textOrNull(record.senderTenant)',
    replace: 'null',
  },
  {
    name: 'a restart does not look for the tenant that a response names',
    file: RECALL,
    find: 'isWaiting || mayNameTenant(record)',
    replace: 'isWaiting',
  },
  {
    name: 'a letter of another tenant is no number in the books',
    file: 'metrics-processor/core/sums/audit-deltas.ts',
    find: '[COLUMNS[topic].foreign]++',
    replace: '[COLUMNS[topic].foreign] += 0',
  },
  {
    name: 'the log forgets whose key a record was sent with',
    file: 'event-log/memory/memory-broker.ts',
    find: 'senderTenant: senderTenant ? Buffer.from(senderTenant) : null,',
    replace: 'senderTenant: null,',
  },
  {
    name: 'a processor does not notice that the topics grow',
    file: PROCESSOR,
    find: 'if (laneCount <= this.#shards.laneCount) return;',
    replace: 'return;',
    situation: 'growth',
  },
  {
    name: 'the processors divide the ids by the partitions that each of them finds',
    file: SHARDS,
    find: 'if (progress.size > 0) return found;',
    replace: 'return found;',
    situation: 'growth at the start',
  },
  {
    name: 'after a restart what came by a new partition before the first commit there is skipped',
    file: RECOVER,
    find: 'await skipToStart(log, core, knownLanes);',
    replace:
      'for (const topic of INPUT_TOPICS) for (const { partition, end } of await log.bounds(topic)) if (partition >= core.partitionOf(knownLanes)) core.skipTo(topic, end, core.laneOf(partition));',
    situation: 'growth',
  },
  {
    name: 'a checkpoint forgets how far the new partitions were read',
    file: CORE,
    find: 'positions: this.#positions,',
    replace: 'positions: perTopic((topic) => this.#positions[topic].map((at, lane) => (lane === 0 ? at : 0))),',
    situation: 'growth',
  },
  {
    name: 'traces are closed after half the horizon',
    file: REPORTS,
    find: 'const dueMs = readMs - this.#options.traceHorizonMs - this.#options.logTimeSlackMs;',
    replace: 'const dueMs = readMs - this.#options.traceHorizonMs / 2 - this.#options.logTimeSlackMs;',
    situation: 'traces closed meanwhile',
  },
  {
    name: 'a trace is closed while a trace with which it shares a call is open',
    file: REPORTS,
    find: 'if (this.#endOf(Math.floor(lastMs / this.#sliceMs)) > dueMs) this.#silentSince(number, lastMs);\n      else',
    replace: 'if (this.#endOf(slice) > dueMs) this.#silentSince(number, lastMs);\n      else',
    situation: 'traces closed meanwhile',
  },
  {
    name: 'a late report counts again where another late one has opened its trace',
    file: REPORTS,
    find: 'if (!wasOpen && !wasClosed) {',
    replace: 'if (trace === undefined && !wasOpen) {',
    situation: 'traces closed meanwhile',
  },
  {
    name: 'a late call counts again where spans lie between it and the closed call above it',
    file: CLOSED,
    find: "if (knows(belowKey(sender, parentId))) return 'below a call';",
    replace: '',
    situation: 'traces closed meanwhile',
  },
  {
    name: 'a call that sleeps is not found by its record that was written where no span was open',
    file: 'reports/process-calls.ts',
    find: 'this.#wake(sliceHash(this.#recordsHash, near));',
    replace: ';',
  },
  {
    name: 'a call that its trace has the details of takes those of another call too',
    file: 'reports/record-gap.ts',
    find: '|| !lacks(call, role)) return null;',
    replace: ') return null;',
  },
  {
    name: 'a correction leaves what it takes back in the dimensions',
    file: EFFECTS,
    find: 'if (ofValues !== null) subtractTally(ofValues, tally);',
    replace: '',
  },
  {
    name: 'the join forgets what a waiting request is summed by',
    file: 'metrics-processor/core/join/waiting-requests.ts',
    find: 'this.#releaseValues(slot, this.#values);',
    replace: 'this.#releaseValues(slot, this.#values).fill(0);',
  },
  {
    name: 'a call without an answer is unanswered in its series only',
    file: EFFECTS,
    find: 'if (ofValues !== null) ofValues.unanswered++;',
    replace: '',
  },
  {
    name: 'the store adds the dimensions of a fenced part, or of one that is sent again',
    file: STORE,
    find: 'this.#dimensions.add(added.dimensions);',
    replace: 'this.#dimensions.add(commits.flatMap(({ dimensions }) => dimensions));',
  },
];
