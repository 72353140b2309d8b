import { type Keyed, KeyedItems } from './keyed-items.ts';
import type { CallNode } from './open-trace.ts';
import { type ResponseKey, responseHashOf } from './response-key.ts';

/** The calls of one response id that are open. */
export interface OpenResponse extends Keyed {
  nodes: readonly CallNode[];
  /** Whether two generations of it were open at once; stays true as long as any call of it is open. */
  repeats: boolean;
}

/** Calls of responses that have calls in common: a short id has a key in each service that tells it. */
export interface ResponseGroup {
  readonly nodes: readonly CallNode[];
  readonly repeats: boolean;
}

/** Open calls by the responses that they name. */
export class OpenResponses {
  readonly #responses = new KeyedItems<OpenResponse>();
  readonly #wake: (hash: number) => void;

  /** @param wake called with the hashes of all that is looked for */
  constructor(wake: (hash: number) => void) {
    this.#wake = wake;
  }

  has(key: string): boolean {
    return this.#responses.find(key, responseHashOf(key)) !== undefined;
  }

  /** Opens the responses of a call where nobody else names them, awake or asleep. @returns whether it did */
  enterAlone(node: CallNode): boolean {
    for (const { hash } of node.responseKeys) this.#wake(hash);
    if (node.responseKeys.some(({ key, hash }) => this.#responses.find(key, hash) !== undefined)) return false;
    this.openAlone(node);
    return true;
  }

  /** @returns the responses that the call names: it is among them now */
  enter(node: CallNode): readonly OpenResponse[] {
    return node.responseKeys.map((name) => {
      this.#wake(name.hash);
      const response = this.#responses.find(name.key, name.hash) ?? this.#open(name, []);
      response.nodes = [...response.nodes, node];
      return response;
    });
  }

  /** @returns the responses that the call named, unless nobody does any more */
  leave(node: CallNode): readonly OpenResponse[] {
    const responses = this.#of(node);
    for (const response of responses) {
      response.nodes = response.nodes.filter((each) => each !== node);
      if (response.nodes.length === 0) this.#responses.delete(response);
    }
    return responses.filter(({ nodes }) => nodes.length > 0);
  }

  /** These go away, and nothing is changed by that. */
  forget(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      for (const response of this.#of(node)) {
        response.repeats ||= new Set(response.nodes.map(({ generation }) => generation)).size > 1;
      }
    }
    for (const node of nodes) this.leave(node);
  }

  /** Those that may change with this one. */
  nodesWith(node: CallNode): readonly CallNode[] {
    return this.#of(node).flatMap(({ nodes, repeats }) => (repeats ? [] : nodes));
  }

  isAlone(node: CallNode): boolean {
    return this.#of(node).every(({ nodes, repeats }) => !repeats && nodes.length === 1);
  }

  sleep(node: CallNode): void {
    for (const response of this.#of(node)) this.#responses.delete(response);
  }

  openAlone(node: CallNode): void {
    for (const name of node.responseKeys) this.#open(name, [node]);
  }

  /** All that are linked to these by common calls. Mostly a response is a group by itself. */
  *groupsOf(responses: Iterable<OpenResponse>): Iterable<ResponseGroup> {
    const seen = new Set<OpenResponse>();
    for (const response of responses) {
      if (seen.has(response)) continue;
      const group = new Set([response]);
      const nodes = new Set<CallNode>();
      let repeats = false;
      // A set that grows while it is walked is walked to its new end.
      for (const each of group) {
        seen.add(each);
        repeats ||= each.repeats;
        for (const node of each.nodes) {
          nodes.add(node);
          if (node.responseKeys.length > 1) for (const other of this.#of(node)) group.add(other);
        }
      }
      // Whoever named it may have left since.
      if (nodes.size > 0) yield { nodes: [...nodes], repeats };
    }
  }

  #of({ responseKeys }: CallNode): readonly OpenResponse[] {
    return responseKeys.flatMap(({ key, hash }) => this.#responses.find(key, hash) ?? []);
  }

  #open({ key, hash }: ResponseKey, nodes: readonly CallNode[]): OpenResponse {
    const response = { key, hash, nodes, repeats: false };
    this.#responses.add(response);
    return response;
  }
}
