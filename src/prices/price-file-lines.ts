import { type Document, isMap, isNode, isScalar, type LineCounter, type Node } from 'yaml';

/** Tells on which line of a YAML (or JSON) document a field stands. */
export class LinesOfDocument {
  readonly #document: Document;
  readonly #lineCounter: LineCounter;

  constructor(document: Document, lineCounter: LineCounter) {
    this.#document = document;
    this.#lineCounter = lineCounter;
  }

  /** The line of the field, or of the innermost thing around it that is there. Counted from 1. */
  lineOf(path: readonly (string | number)[]): number {
    for (let depth = path.length; depth >= 0; depth--) {
      const node = this.#nodeAt(path.slice(0, depth));
      if (node?.range) return this.#lineCounter.linePos(node.range[0]).line;
    }
    return 1;
  }

  /** A key where there is one: a value may begin on a later line than the name that people look for. */
  #nodeAt(path: readonly (string | number)[]): Node | null {
    const parent = path.length === 0 ? null : this.#document.getIn(path.slice(0, -1), true);
    if (isMap(parent)) {
      const pair = parent.items.find(({ key }) => isScalar(key) && String(key.value) === String(path.at(-1)));
      if (isScalar(pair?.key)) return pair.key;
    }
    const node: unknown = path.length === 0 ? this.#document.contents : this.#document.getIn(path, true);
    return isNode(node) ? node : null;
  }
}
