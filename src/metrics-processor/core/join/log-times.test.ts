import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TOPICS } from '../../../events/topics.ts';
import { horizonStartMs, LogTimes } from './log-times.ts';

const { requests, responses } = TOPICS;

test('a topic is read as far as the least of its lanes, and a new lane holds it back', () => {
  const times = new LogTimes();
  times.passRecord(requests, 100, 0);
  assert.equal(times.readMs[requests], 100);
  times.addLane();
  assert.equal(times.readMs[requests], 0);
  times.passRecord(requests, 70, 1);
  assert.deepEqual([times.readMs[requests], times.lanesReadMs(requests)], [70, [100, 70]]);
});

test('log time never falls', () => {
  const times = new LogTimes();
  times.passRecord(requests, 100, 0);
  times.passRecord(requests, 90, 0);
  assert.equal(times.laneReadMs(requests, 0), 100);
});

test('silence moves what was read, and what a replay would reach only once a checkpoint has it', () => {
  const times = new LogTimes();
  times.passRecord(requests, 50, 0);
  times.passSilence(requests, 100, 0);
  assert.deepEqual([times.readMs[requests], times.replayMs[requests]], [100, 50]);
  times.checkpointed();
  assert.equal(times.replayMs[requests], 100);
});

test('requests are remembered for the topic that is read least far, other ids for their own', () => {
  const timesMs = { ...new LogTimes().readMs, [requests]: 100, [responses]: 80 };
  assert.deepEqual([horizonStartMs(requests, timesMs), horizonStartMs(responses, timesMs)], [0, 80]);
});
