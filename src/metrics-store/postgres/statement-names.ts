import { createHash } from 'node:crypto';

/**
 * Names under which each connection keeps its prepared statements, so that the server parses and plans a text once per
 * connection: planning a question over daily partitions takes several times as long as answering it.
 *
 * A name is a digest of its text. Behind a pool that shares connections between programs, a name may be known from
 * another version of this program; it then means the same text, or it would silently answer another question.
 *
 * Such a pool (PgBouncer before 1.21, or with `max_prepared_statements = 0`) loses statements between transactions.
 * That shows as an error before anything runs, and from then on this process sends texts without names, as it would
 * with a setting.
 */
export class StatementNames {
  readonly #names = new Map<string, { readonly name: string }>();
  #areUsed = true;

  /** A part of a query's configuration; empty once names were given up. */
  nameOf(text: string): { readonly name?: string } {
    if (!this.#areUsed) return {};
    let entry = this.#names.get(text);
    if (entry === undefined) {
      entry = { name: `streamlens_${createHash('sha256').update(text).digest('hex').slice(0, 32)}` };
      this.#names.set(text, entry);
    }
    return entry;
  }

  giveUp(): void {
    this.#areUsed = false;
    this.#names.clear();
  }
}
