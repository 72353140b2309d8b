import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildCommit, buildWorkingTree, type Program } from './program.ts';

/** What every question takes; `size` scales its load, so that `--size 0.01` is a smoke run. */
export interface BenchOptions {
  readonly program: Program;
  readonly rounds: number;
  readonly size: number;
  /** The original's checkout, or null: then it is left out. */
  readonly original: string | null;
  /** Only full runs are kept in `bench/results/`. */
  readonly keep: boolean;
}

const USAGE = 'Options: --rounds N (3), --size SHARE (1), --original DIR (ORIGINAL_DIR), --working-tree, --no-keep';

export async function benchOptions(argv = process.argv.slice(2)): Promise<BenchOptions> {
  const { values } = parseArgs({
    args: argv,
    options: {
      rounds: { type: 'string', default: '3' },
      size: { type: 'string', default: '1' },
      original: { type: 'string', default: process.env['ORIGINAL_DIR'] ?? '' },
      'working-tree': { type: 'boolean', default: false },
      'no-keep': { type: 'boolean', default: false },
    },
  });
  const rounds = Number(values.rounds);
  const size = Number(values.size);
  if (!Number.isInteger(rounds) || rounds < 1 || !(size > 0)) throw new Error(USAGE);
  if (values.original === '') console.log('Without --original DIR the original service is left out.');
  return {
    program: await programOf(values['working-tree']),
    rounds,
    size,
    original: values.original === '' ? null : values.original,
    keep: !values['no-keep'] && size >= 1 && rounds >= 3,
  };
}

/** `BENCH_PROGRAM` names the folder of a build of one's own: for experiments. */
export async function programOf(isWorkingTree: boolean): Promise<Program> {
  const directory = process.env['BENCH_PROGRAM'];
  if (directory !== undefined) return { entry: join(directory, 'bin/streamlens.js'), version: 'experiment' };
  return isWorkingTree ? buildWorkingTree() : buildCommit();
}
