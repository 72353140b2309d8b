import { INPUT_TOPICS, type InputTopic } from '../../events/topics.ts';

/**
 * How far each topic is read, in log time. It goes on with the records, and with the log's word that a topic is silent.
 *
 * That word is not on the log. A replay from the last checkpoint reads the records alone, so it may stand at an earlier
 * time and still wait for what was given up here: `replayMs` is where it would stand.
 */
export class LogTimes {
  readonly readMs = zeros();
  readonly replayMs = zeros();

  passRecord(topic: InputTopic, loggedAtMs: number): void {
    this.passSilence(topic, loggedAtMs);
    if (loggedAtMs > this.replayMs[topic]) this.replayMs[topic] = loggedAtMs;
  }

  passSilence(topic: InputTopic, throughMs: number): void {
    if (throughMs > this.readMs[topic]) this.readMs[topic] = throughMs;
  }

  /** A checkpoint keeps the times, so a replay starts from them. */
  checkpointed(): void {
    Object.assign(this.replayMs, this.readMs);
  }

  resumeAt(timesMs: Readonly<Record<InputTopic, number>>): void {
    Object.assign(this.readMs, timesMs);
    Object.assign(this.replayMs, timesMs);
  }
}

function zeros(): Record<InputTopic, number> {
  return Object.fromEntries(INPUT_TOPICS.map((topic) => [topic, 0])) as Record<InputTopic, number>;
}
