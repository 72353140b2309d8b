import type { Series } from '../tally/series.ts';
import type { ComparedCall } from './compared-call.ts';
import type { OpenTrace } from './open-trace.ts';

/** A call of one trace, in the judgement across traces. */
export class CallNode {
  readonly compared: ComparedCall;
  readonly trace: OpenTrace;
  /** What its call is counted under; the nodes of one call have it in common. Null before it was settled. */
  series: Series | null = null;
  /** Whether the call has the id of this node. */
  isHead = false;
  /** Of the settlement that its call was counted in. */
  mark: unknown = null;
  generation: Generation | null = null;

  constructor(compared: ComparedCall, trace: OpenTrace) {
    this.compared = compared;
    this.trace = trace;
  }
}

/** Calls of one response, mostly one. */
export class Generation {
  readonly nodes: readonly CallNode[];
  /** The one that began first: it is compared with other generations. */
  readonly first: CallNode;

  constructor(nodes: readonly CallNode[]) {
    this.nodes = nodes;
    this.first = nodes.reduce((first, node) => (isEarlier(node.compared, first.compared) ? node : first));
  }
}

function isEarlier(a: ComparedCall, b: ComparedCall): boolean {
  return a.startMs === b.startMs ? a.id < b.id : a.startMs < b.startMs;
}
