import { join } from 'node:path';
import type { Contestant } from '../measure/contest.ts';
import type { DrainGround } from './drain-streamlens.ts';
import { ROOT } from './program.ts';
import { type PeerRow, topicPeerDrain } from './topic-peer.ts';

const PROGRAM = join(ROOT, 'bench/peers/pathway/call_metrics.py');

/** @param programs of the environment that Pathway is installed in */
export function pathwayDrain(ground: DrainGround, programs: string, name: string): Contestant {
  return topicPeerDrain(ground, {
    name,
    application: 'pathway',
    read: readChange,
    call: ({ bootstrap, application }) => ({
      program: join(programs, 'python'),
      options: [PROGRAM, bootstrap, application],
      env: { PATHWAY_THREADS: '2' },
    }),
  });
}

/** It writes a changed row twice: as it was (diff −1), and as it is. */
function readChange({ value }: { readonly value: string }): PeerRow | null {
  const { window, diff, ...row } = JSON.parse(value) as Record<string, number> & { window: string };
  if (diff !== 1) return null;
  const at = window.lastIndexOf('|');
  return { key: `${window.slice(0, at)}|${Date.parse(`${window.slice(at + 1)}:00Z`)}`, row };
}
