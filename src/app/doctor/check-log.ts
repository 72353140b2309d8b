import { existsSync } from 'node:fs';
import type { EventLog } from '../../event-log/event-log.ts';
import { INPUT_TOPICS } from '../../events/topics.ts';
import type { SettingsOf } from '../../settings/settings-table.ts';
import { kafkaSettings, logPath, openLog } from '../open/open-log.ts';
import { checkBrokers } from './check-brokers.ts';
import { broken, type Finding, note, ok } from './finding.ts';

/** The log stamps the events. Stamps further ahead of our clock than this mean that one of the two is wrong. */
const AHEAD_MS_MAX = 10_000;

/** The event log: whether it answers, its topics, and its clock. */
export async function checkLog(settings: SettingsOf<'doctor'>, nowMs: number): Promise<readonly Finding[]> {
  const { kafkaBrokers } = settings;
  if (kafkaBrokers === undefined && !existsSync(logPath(settings))) {
    return [note('event log', 'the embedded log is not there yet; the first start creates it')];
  }
  const cluster = kafkaBrokers === undefined ? [] : await checkBrokers(settings, kafkaBrokers, nowMs);
  if (cluster.some(({ level }) => level === 'broken')) return cluster;
  const topics = kafkaBrokers === undefined ? [] : await checkTopics(settings, kafkaBrokers);
  if (topics.some(({ level }) => level === 'broken')) return [...cluster, ...topics];
  const log = await openLog(settings);
  try {
    return [...cluster, ...topics, ...(await checkOpenLog(log, nowMs))];
  } finally {
    await log.close();
  }
}

async function checkTopics(settings: SettingsOf<'doctor'>, brokers: readonly string[]): Promise<readonly Finding[]> {
  const { inspectTopics } = await import('../../event-log/kafka/create-topics.ts');
  const reports = await inspectTopics(kafkaSettings(settings, brokers), settings.kafkaPartitions);
  return reports.flatMap(({ topic, partitions, differences }) => {
    if (partitions === 0) {
      return [broken(topic, 'the topic is missing; run "streamlens topics create", or start "streamlens up"')];
    }
    // Topics that were grown are as they were meant.
    const isGrown = partitions > settings.kafkaPartitions;
    const found = differences
      .filter((difference) => !(isGrown && / partitions instead of /.test(difference)))
      .map((difference) =>
        /must be equal|LogAppendTime/.test(difference) ? broken(topic, difference) : note(topic, difference),
      );
    return found.length > 0 ? found : [ok(topic, `${partitions} partitions, set up as it should be`)];
  });
}

async function checkOpenLog(log: EventLog, nowMs: number): Promise<readonly Finding[]> {
  await log.checkHealth();
  const partitions = await log.partitionCount();
  const newestMs = await newestStampMs(log);
  const findings = [ok('event log', `it answers; ${partitions} partition${partitions === 1 ? '' : 's'}`)];
  if (newestMs === null) return [...findings, ok('log time', 'there are no events yet')];
  return [...findings, checkLogTime(newestMs, nowMs)];
}

export function checkLogTime(newestMs: number, nowMs: number): Finding {
  const newest = new Date(newestMs).toISOString();
  if (newestMs <= nowMs + AHEAD_MS_MAX) return ok('log time', `the newest event was logged at ${newest}`);
  const aheadS = Math.round((newestMs - nowMs) / 1000);
  return broken(
    'log time',
    `the newest event was logged at ${newest}, ${aheadS} s in the future: the clocks of this machine and the log differ, or this one was set back; set them by NTP`,
  );
}

async function newestStampMs(log: EventLog): Promise<number | null> {
  let newestMs: number | null = null;
  for (const topic of INPUT_TOPICS) {
    for (const { partition, start, end } of await log.bounds(topic)) {
      if (end <= start) continue;
      const [record] = await log.readRange({ topic, partition, from: end - 1, to: end });
      if (record !== undefined) newestMs = Math.max(newestMs ?? 0, record.loggedAtMs);
    }
  }
  return newestMs;
}
