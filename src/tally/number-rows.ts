/**
 * Rows of numbers, side by side on pages that are filled again and again: without an object for each row, and nothing
 * of them is ever collected as garbage.
 */
export class NumberRows {
  readonly #rowLength: number;
  readonly #rowsPerPage: number;
  readonly #pagesKeptMax: number;
  readonly #pages: Float64Array[] = [];
  #length = 0;

  /** @param pagesKeptMax more are made anew where they are needed again */
  constructor(rowLength: number, { rowsPerPage, pagesKeptMax }: { rowsPerPage: number; pagesKeptMax: number }) {
    this.#rowLength = rowLength;
    this.#rowsPerPage = rowsPerPage;
    this.#pagesKeptMax = pagesKeptMax;
  }

  get length(): number {
    return this.#length;
  }

  /** Forgets all rows. Pages that were needed this time are kept for the next. */
  clear(): void {
    const used = Math.ceil(this.#length / this.#rowsPerPage);
    this.#pages.length = Math.min(this.#pages.length, Math.max(used, 1), this.#pagesKeptMax);
    this.#length = 0;
  }

  /** A row of zeros. */
  add(): number {
    const row = this.#length++;
    if (row === this.#pages.length * this.#rowsPerPage) {
      this.#pages.push(new Float64Array(this.#rowsPerPage * this.#rowLength));
    }
    const page = this.pageOf(row);
    const end = this.startOf(row) + this.#rowLength;
    // Sooner than native code, which has to be called for it.
    for (let at = end - this.#rowLength; at < end; at++) page[at] = 0;
    return row;
  }

  pageOf(row: number): Float64Array {
    return this.#pages[Math.floor(row / this.#rowsPerPage)] as Float64Array;
  }

  startOf(row: number): number {
    return (row % this.#rowsPerPage) * this.#rowLength;
  }
}
