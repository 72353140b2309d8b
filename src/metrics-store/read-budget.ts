/** A question reads or holds more than it may. Nothing is wrong with the store; its message is for whoever asked. */
export class TooMuchToRead extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TooMuchToRead';
  }
}

/** So many groups of one step, or of a summary, are held at a time: each takes 1 to 3 KB. */
const GROUPS_MAX = 100_000;

/**
 * How much one question may read, of all its tenants together. A stored row counts as one, and so does a window of what
 * is packed: both cost about as much.
 */
export class ReadBudget {
  readonly #rowsMax: number;
  readonly #groupsMax: number;
  #rowCount = 0;

  constructor(rowsMax: number, groupsMax = GROUPS_MAX) {
    this.#rowsMax = rowsMax;
    this.#groupsMax = groupsMax;
  }

  /** Call for each row. @throws {TooMuchToRead} */
  countRow(): void {
    if (++this.#rowCount > this.#rowsMax)
      throw new TooMuchToRead(`The question reads more than ${this.#rowsMax.toLocaleString('en-US')} rows.`);
  }

  /** Call before a group is added to so many. @throws {TooMuchToRead} */
  countGroups(count: number): void {
    if (count >= this.#groupsMax) {
      const most = this.#groupsMax.toLocaleString('en-US');
      throw new TooMuchToRead(`The question has more than ${most} groups at a time.`);
    }
  }
}
