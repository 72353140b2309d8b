import { INPUT_TOPICS, type InputTopic, TOPICS } from '../../../events/topics.ts';

/**
 * How far each topic is read, in log time: as far as the least of its lanes. It goes on with the records, and with the
 * log's word that a lane is silent.
 *
 * That word is not on the log. A replay from the last checkpoint reads the records alone, so it may stand at an earlier
 * time and still wait for what was given up here: `replayMs` is where it would stand.
 */
export class LogTimes {
  readonly readMs = zeros();
  readonly replayMs = zeros();
  readonly #lanesReadMs = lanes();
  readonly #lanesReplayMs = lanes();

  /** How far one lane is read. */
  laneReadMs(topic: InputTopic, lane: number): number {
    return this.#lanesReadMs[topic][lane] ?? 0;
  }

  lanesReadMs(topic: InputTopic): readonly number[] {
    return this.#lanesReadMs[topic];
  }

  /** A lane that nothing was read of; it holds its topic back until something is known of it. */
  addLane(): void {
    for (const topic of INPUT_TOPICS) {
      this.#lanesReadMs[topic].push(0);
      this.#lanesReplayMs[topic].push(0);
      this.readMs[topic] = 0;
      this.replayMs[topic] = 0;
    }
  }

  passRecord(topic: InputTopic, loggedAtMs: number, lane: number): void {
    pass(this.readMs, this.#lanesReadMs, { topic, lane, toMs: loggedAtMs });
    pass(this.replayMs, this.#lanesReplayMs, { topic, lane, toMs: loggedAtMs });
  }

  passSilence(topic: InputTopic, throughMs: number, lane: number): void {
    pass(this.readMs, this.#lanesReadMs, { topic, lane, toMs: throughMs });
  }

  /** A checkpoint keeps the times, so a replay starts from them. */
  checkpointed(): void {
    for (const topic of INPUT_TOPICS) {
      this.#lanesReplayMs[topic].splice(0, Number.POSITIVE_INFINITY, ...this.#lanesReadMs[topic]);
    }
    Object.assign(this.replayMs, this.readMs);
  }

  resumeAt(timesMs: Readonly<Record<InputTopic, readonly number[]>>): void {
    for (const topic of INPUT_TOPICS) {
      this.#lanesReadMs[topic].splice(0, timesMs[topic].length, ...timesMs[topic]);
      this.readMs[topic] = Math.min(...this.#lanesReadMs[topic]);
    }
    this.checkpointed();
  }
}

/**
 * Log time from which a topic's ids may still matter, less the horizon. A response or an evaluation that is still to be
 * read may ask for calls from before it, so requests are remembered for all topics, and reports for evaluations.
 */
export function horizonStartMs(topic: InputTopic, timesMs: Readonly<Record<InputTopic, number>>): number {
  if (topic === TOPICS.requests) return Math.min(...INPUT_TOPICS.map((each) => timesMs[each]));
  return topic === TOPICS.reports ? Math.min(timesMs[topic], timesMs[TOPICS.evaluations]) : timesMs[topic];
}

interface Pass {
  readonly topic: InputTopic;
  readonly lane: number;
  readonly toMs: number;
}

function pass(
  topicsMs: Record<InputTopic, number>,
  lanesMs: Record<InputTopic, number[]>,
  { topic, lane, toMs }: Pass,
): void {
  const ofTopic = lanesMs[topic];
  if (toMs <= (ofTopic[lane] ?? 0)) return;
  ofTopic[lane] = toMs;
  topicsMs[topic] = ofTopic.length === 1 ? toMs : Math.min(...ofTopic);
}

function zeros(): Record<InputTopic, number> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, 0])) as Record<InputTopic, number>;
}

/** A shard begins with one lane. */
function lanes(): Record<InputTopic, number[]> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, [0]])) as Record<InputTopic, number[]>;
}
