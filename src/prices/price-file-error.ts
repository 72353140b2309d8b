/** What is wrong with one field of a price file. */
export interface PriceFileProblem {
  /** Counted from 1; null where the file could not be read at all. */
  readonly line: number | null;
  /** E.g. `prices[3].input_usd_per_million`; '' for the file as a whole. */
  readonly field: string;
  readonly message: string;
}

/** The user's price file cannot be used. The message is one sentence per problem, at most ten of them. */
export class PriceFileError extends Error {
  readonly path: string;
  readonly problems: readonly PriceFileProblem[];

  constructor(path: string, problems: readonly PriceFileProblem[], options?: ErrorOptions) {
    const shown = problems.slice(0, PROBLEMS_SHOWN_MAX).map((problem) => sentence(path, problem));
    const hiddenCount = problems.length - shown.length;
    super(shown.join('\n') + (hiddenCount > 0 ? `\n… and ${hiddenCount} more` : ''), options);
    this.name = 'PriceFileError';
    this.path = path;
    this.problems = problems;
  }
}

const PROBLEMS_SHOWN_MAX = 10;

function sentence(path: string, { line, field, message }: PriceFileProblem): string {
  return `${path}${line === null ? '' : ` line ${line}`}: ${field}${field && ' '}${message}`;
}
