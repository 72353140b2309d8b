/** Who may be paired with whom, and how well they fit. */
export interface MatchingRule<Node> {
  /** All that may fit, the node itself and misfits among them. */
  candidatesOf(node: Node): Iterable<Node>;
  /** The smaller, the better they fit; null where they do not. Symmetric. */
  gapOf(a: Node, b: Node): number | null;
  /** Tells nodes apart, so that of two equal gaps one comes first. */
  idOf(node: Node): string;
  /** Told before a pair comes together or parts. */
  willChange(node: Node): void;
}

/**
 * Pairs nodes that come and go, the closest first: always exactly the pairs that sorting all of them by gap and taking
 * each whose two nodes are free would give.
 *
 * Since no two pairs are equally good, there is one matching in which nobody would rather have somebody who would
 * rather have him too. It is a function of the set of nodes alone; the order in which they came has no part in it. Each
 * change moves only those who can improve on what they have, or who lost it.
 */
export class StableMatching<Node extends object> {
  readonly #partners = new Map<Node, Node>();
  readonly #rule: MatchingRule<Node>;

  constructor(rule: MatchingRule<Node>) {
    this.#rule = rule;
  }

  partnerOf(node: Node): Node | undefined {
    // Mostly nothing is paired, and then a look-up would be for nothing.
    return this.#partners.size === 0 ? undefined : this.#partners.get(node);
  }

  insert(node: Node): void {
    this.#settle([node]);
  }

  /** The node must not be among the candidates any more. */
  remove(node: Node): void {
    const partner = this.partnerOf(node);
    if (partner === undefined) return;
    this.#part(node, partner);
    this.#settle([partner]);
  }

  /** The node goes away together with its partner; nobody is told, and nobody looks for somebody else. */
  forget(node: Node): void {
    const partner = this.partnerOf(node);
    if (partner === undefined) return;
    this.#partners.delete(node);
    this.#partners.delete(partner);
  }

  /** Each of these looks for somebody better than it has; who is left for it looks in turn. */
  #settle(looking: Node[]): void {
    for (let node = looking.pop(); node !== undefined; node = looking.pop()) {
      const better = this.#bestOf(node);
      if (better === undefined) continue;
      for (const one of [node, better]) {
        const left = this.#partners.get(one);
        if (left === undefined) continue;
        this.#part(one, left);
        looking.push(left);
      }
      this.#rule.willChange(node);
      this.#rule.willChange(better);
      this.#partners.set(node, better);
      this.#partners.set(better, node);
    }
  }

  /** The closest of those who fit better than this node's partner does, and whom this node fits better than theirs. */
  #bestOf(node: Node): Node | undefined {
    let best = this.partnerOf(node);
    const current = best;
    for (const other of this.#rule.candidatesOf(node)) {
      if (other === node || other === best) continue;
      const gap = this.#rule.gapOf(node, other);
      if (gap === null) continue;
      if (best !== undefined && !this.#isCloser([node, other], [node, best])) continue;
      const theirs = this.#partners.get(other);
      if (theirs !== undefined && !this.#isCloser([node, other], [other, theirs])) continue;
      best = other;
    }
    return best === current ? undefined : best;
  }

  #isCloser(pair: readonly [Node, Node], than: readonly [Node, Node]): boolean {
    const byGap = (this.#rule.gapOf(...pair) ?? Infinity) - (this.#rule.gapOf(...than) ?? Infinity);
    if (byGap !== 0) return byGap < 0;
    const [low, high] = this.#idsOf(pair);
    const [thanLow, thanHigh] = this.#idsOf(than);
    return low === thanLow ? high < thanHigh : low < thanLow;
  }

  #idsOf([a, b]: readonly [Node, Node]): [string, string] {
    const [idA, idB] = [this.#rule.idOf(a), this.#rule.idOf(b)];
    return idA < idB ? [idA, idB] : [idB, idA];
  }

  #part(a: Node, b: Node): void {
    this.#rule.willChange(a);
    this.#rule.willChange(b);
    this.#partners.delete(a);
    this.#partners.delete(b);
  }
}
