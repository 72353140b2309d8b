import { contest, ratioOf } from './measure/contest.ts';
import { report } from './measure/report.ts';
import { benchOptions } from './setup/bench-options.ts';
import { type DrainGround, streamLensDrain } from './setup/drain-streamlens.ts';
import { drainTraffic } from './setup/drain-traffic.ts';
import { pathwayDrain } from './setup/pathway.ts';
import { installPythonPeer } from './setup/python-peer.ts';
import { BenchKafka, BenchPostgres } from './setup/services.ts';

/** The same drain as `drain.ts` beside Pathway, a Python package with an engine in Rust. */
const CALLS = 1_000_000;
const OURS = 'StreamLens, metrics only';
const PATHWAY = 'Pathway, nothing kept on disk';

const options = await benchOptions();
const programs = await installPythonPeer('pathway');
const kafka = await BenchKafka.start();
const postgres = await BenchPostgres.start();

try {
  const traffic = drainTraffic(CALLS * options.size);
  const records = await kafka.fill(traffic.events());
  const ground: DrainGround = { kafka, postgres, oracle: traffic.oracle, records };
  const env = { CALLS_PER_SECOND_MAX: '0' };
  const outcomes = await contest(
    [
      pathwayDrain(ground, programs, PATHWAY),
      streamLensDrain(ground, { program: options.program, processes: 1, name: OURS, env }),
    ],
    options.rounds,
  );
  const measured = ratioOf(outcomes, 'records per CPU s (all)', { ours: OURS, theirs: PATHWAY });
  report(
    {
      name: 'pathway',
      title: 'Beside Pathway',
      method: `${records} records from 12 partitions, 60 series, 30 minutes of event time. Pathway 0.33 with two threads: JSON from Kafka, join by request_id, sums and a log histogram by minute, a percentile of it, each changed row into a topic once a second. It keeps its state in memory only, and would begin anew after a crash. All rows of both are compared with the oracle.`,
      outcomes,
      verdicts: [
        {
          question: 'drain beside Pathway, records per CPU second with broker and database',
          goal: '≥ 1 ×',
          measured,
          unit: ' ×',
          isMet: measured.median >= 1,
        },
      ],
    },
    { commit: options.program.version, keep: options.keep },
  );
} finally {
  await kafka.stop();
  await postgres.stop();
}
