import { agentGapMs } from './agent-twins.ts';
import { generationsOf } from './generations.ts';
import { type Keyed, KeyedItems } from './keyed-items.ts';
import { type CallNode, Generation } from './open-trace.ts';
import { ProcessCalls, processKey } from './process-calls.ts';
import { lacks, tracelessGapMs } from './record-gap.ts';
import type { RecordRole, Report } from './report.ts';
import { responseHashOf } from './response-key.ts';
import { StableMatching } from './stable-matching.ts';
import { endMsOf } from './trace-call.ts';
import { mayBeTwins, streamGapMs, twinGapMs } from './twins.ts';
import type { WholeHashes } from './whole-trace.ts';

/** The calls of one response id that are open. */
interface Response extends Keyed {
  nodes: readonly CallNode[];
  generations: readonly Generation[];
  /** Whether two generations of it were open at once; stays true as long as any call of it is open. */
  repeats: boolean;
}

/** How the calls of some traces have changed. */
export interface NodeChanges {
  readonly gone: readonly CallNode[];
  readonly come: readonly CallNode[];
  /** Equal in all that is compared; but what they say may have changed. */
  readonly stayed: readonly CallNode[];
}

/**
 * Which calls of different traces are one call: a function of the calls that are there, however they came.
 *
 * 1. Calls that name one response of the provider are one generation (`generations.ts`).
 * 2. Of each process, generations that two instrumentations report are paired by time, the closest first.
 * 3. So are the openings and the ends of Logfire's streams.
 * 4. Of each session of a coding agent, its log records and its spans are paired by their ends (`agent-twins.ts`).
 * 5. So are records of the convention that were written where no span was open with their calls (`record-gap.ts`).
 */
export class LinkedCalls {
  readonly #responses = new KeyedItems<Response>();
  readonly #processes = new Map<string, ProcessCalls>();
  readonly #twins: StableMatching<Generation>;
  readonly #streams: StableMatching<Generation>;
  readonly #agents: StableMatching<Generation>;
  readonly #details: StableMatching<Generation>;
  readonly #exceptions: StableMatching<Generation>;
  readonly #matchings: readonly StableMatching<Generation>[];
  /** Since the last `takeChanged`: generations whose clusters were announced as they were before, or had none. */
  #announced: Generation[] = [];
  readonly #onChange: (cluster: readonly Generation[]) => void;
  readonly #wake: (hash: number) => void;

  /**
   * @param onChange called with each cluster that may change, while it is still as it was
   * @param wake called with the hashes of all that is looked for
   */
  constructor(onChange: (cluster: readonly Generation[]) => void, wake: (hash: number) => void) {
    this.#onChange = onChange;
    this.#wake = wake;
    const common = {
      idOf: ({ first }: Generation) => first.compared.id,
      willChange: (generation: Generation) => this.#touch(generation),
    };
    this.#twins = new StableMatching({
      ...common,
      candidatesOf: (generation) => this.#processOf(generation)?.near(generation) ?? [],
      gapOf: generationGapMs,
    });
    this.#streams = new StableMatching({
      ...common,
      candidatesOf: (generation) => this.#processOf(generation)?.halvesOf(generation) ?? [],
      gapOf: halvesGapMs,
    });
    this.#agents = new StableMatching({
      ...common,
      candidatesOf: (generation) => this.#processOf(generation)?.endingNear(generation) ?? [],
      gapOf: agentsGapMs,
    });
    const candidatesOf = (generation: Generation) => this.#processOf(generation)?.endingWith(generation) ?? [];
    this.#details = new StableMatching({ ...common, candidatesOf, gapOf: recordsGapMs('details') });
    this.#exceptions = new StableMatching({ ...common, candidatesOf, gapOf: recordsGapMs('exception') });
    this.#matchings = [this.#twins, this.#streams, this.#agents, this.#details, this.#exceptions];
  }

  replace({ gone, come, stayed }: NodeChanges): void {
    const [only] = come;
    // Nearly always a trace of one call comes.
    if (only !== undefined && come.length === 1 && gone.length === 0 && stayed.length === 0) return this.#come(only);
    for (const { generation } of [...gone, ...stayed]) if (generation !== null) this.#touch(generation);
    const responses = new Set<Response>();
    for (const node of gone) {
      const response = this.#responseOf(node);
      if (node.responseKey === null) this.#remove(node.generation as Generation);
      else if (response?.nodes.includes(node) === true) {
        response.nodes = response.nodes.filter((each) => each !== node);
        responses.add(response);
      }
    }
    for (const node of come) {
      const { responseKey: key, responseHash: hash } = node;
      if (key === null) this.#add(new Generation([node]));
      else {
        const response =
          this.#wokenResponseOf(node) ?? this.#open({ key, hash, nodes: [], generations: [], repeats: false });
        response.nodes = [...response.nodes, node];
        responses.add(response);
      }
    }
    for (const response of responses) this.#regenerate(response);
  }

  #come(node: CallNode): void {
    if (node.responseKey === null) return this.#add(new Generation([node]));
    const known = this.#wokenResponseOf(node);
    if (known !== undefined) {
      known.nodes = [...known.nodes, node];
      return this.#regenerate(known);
    }
    const generation = new Generation([node]);
    this.#openAlone(node.responseKey, generation);
    this.#add(generation);
  }

  /** The clusters that changed, as they are now. */
  takeChanged(): readonly (readonly Generation[])[] {
    const announced = this.#announced;
    // Not emptied: see `Chain`.
    this.#announced = [];
    const clusters = this.#clustersOf(announced.filter(({ isChanged }) => isChanged));
    for (const generation of announced) generation.isAnnounced = generation.isChanged = false;
    return clusters;
  }

  /** All clusters. */
  clusters(): readonly (readonly Generation[])[] {
    return this.#clustersOf([...this.#processes.values()].flatMap((process) => [...process.all]));
  }

  /** What ended the stream that this one opened. */
  endOf(opening: Generation): Generation | undefined {
    return opening.first.compared.role === 'opening' ? this.#streams.partnerOf(opening) : undefined;
  }

  /** The nodes that may change with this one: of its cluster, and those that name the same response. */
  nodesWith(node: CallNode): readonly CallNode[] {
    const cluster = this.#clusterOf(node.generation as Generation).flatMap(({ nodes }) => nodes);
    const response = this.#responseOf(node);
    return response === undefined || response.repeats ? cluster : [...cluster, ...response.nodes];
  }

  /** These nodes go away, with all that they are linked to; nothing is changed by that. */
  forget(nodes: readonly CallNode[]): void {
    for (const generation of new Set(nodes.map((node) => node.generation as Generation))) {
      for (const pairs of this.#matchings) pairs.forget(generation);
      this.#leaveProcess(generation);
    }
    for (const node of nodes) {
      const response = this.#responseOf(node);
      if (response === undefined) continue;
      response.repeats ||= response.generations.length > 1;
      response.nodes = response.nodes.filter((each) => each !== node);
      response.generations = response.generations.filter((each) => each !== node.generation);
      if (response.nodes.length === 0) this.#responses.delete(response);
    }
  }

  /** Whether the node is a call by itself: only such a one may sleep. A half of a stream is waited for. */
  isAlone(node: CallNode): boolean {
    const generation = node.generation as Generation;
    if (node.compared.role !== null || generation.nodes.length > 1) return false;
    const response = this.#responseOf(node);
    if (response !== undefined && (response.repeats || response.nodes.length > 1)) return false;
    return this.#clusterOf(generation).length === 1;
  }

  /** Under these hashes a node that sleeps has to be found. */
  hashesOf(node: CallNode): readonly number[] {
    const generation = node.generation as Generation;
    const ofProcess = this.#ensureProcess(processKeyOf(generation)).hashesOf(generation);
    return node.responseKey === null ? ofProcess : [...ofProcess, node.responseHash];
  }

  /** They are alone, and from now on nobody finds them here. */
  sleep(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      const generation = node.generation as Generation;
      this.#processOf(generation)?.sleep(generation);
      const response = this.#responseOf(node);
      if (response !== undefined) this.#responses.delete(response);
    }
  }

  /** They are here again, and still alone. */
  wake(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      const generation = node.generation as Generation;
      this.#processOf(generation)?.wake(generation);
      if (node.responseKey !== null) this.#openAlone(node.responseKey, generation);
    }
  }

  /** Nodes that sleep go away. */
  forgetAsleep(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      const generation = node.generation as Generation;
      this.#processOf(generation)?.forget(generation.first.compared);
      this.#dropEmptyProcess(processKeyOf(generation));
    }
  }

  /**
   * Counts a new call of one report among those that sleep, where it is linked to nobody.
   *
   * @returns the hashes of its start and its end; null where it is to be judged with others
   */
  addAsleep(report: Report, response: string | null): Pick<WholeHashes, 'start' | 'end'> | null {
    const { sender, process, scope, start_ms: startMs, duration_ms: durationMs } = report;
    if (response !== null && this.#responses.find(response, responseHashOf(response)) !== undefined) return null;
    const ofProcess = this.#ensureProcess(processKey(sender, process));
    if (!ofProcess.addAsleep(scope)) return null;
    return { start: ofProcess.startHashAt(startMs), end: ofProcess.recordHashAt(endMsOf({ startMs, durationMs })) };
  }

  /** One that was added asleep goes away. */
  removeAsleep({ sender, process, scope }: Report): void {
    const key = processKey(sender, process);
    this.#processes.get(key)?.forget({ scope, isTraceless: false });
    this.#dropEmptyProcess(key);
  }

  #responseOf({ responseKey, responseHash }: CallNode): Response | undefined {
    return responseKey === null ? undefined : this.#responses.find(responseKey, responseHash);
  }

  #wokenResponseOf(node: CallNode): Response | undefined {
    this.#wake(node.responseHash);
    return this.#responseOf(node);
  }

  #openAlone(key: string, generation: Generation): void {
    const { first, nodes } = generation;
    this.#open({ key, hash: first.responseHash, nodes, generations: [generation], repeats: false });
  }

  #open(response: Response): Response {
    this.#responses.add(response);
    return response;
  }

  #regenerate(response: Response): void {
    const [only] = response.nodes;
    if (only !== undefined && response.nodes.length === 1 && response.generations.length === 0) {
      const generation = new Generation([only]);
      response.generations = [generation];
      return this.#add(generation);
    }
    const nodeOf = new Map(response.nodes.map((node) => [node.compared, node]));
    const wanted = generationsOf([...nodeOf.keys()], response.repeats).map((calls) =>
      calls.map((call) => nodeOf.get(call) as CallNode),
    );
    const kept = response.generations.filter((known) => wanted.some((nodes) => isSameSet(known.nodes, nodes)));
    for (const known of response.generations) if (!kept.includes(known)) this.#remove(known);
    const added = wanted
      .filter((nodes) => !kept.some((known) => isSameSet(known.nodes, nodes)))
      .map((nodes) => new Generation(nodes));
    for (const generation of added) this.#add(generation);
    response.generations = [...kept, ...added];
    if (response.nodes.length === 0) this.#responses.delete(response);
  }

  #add(generation: Generation): void {
    for (const node of generation.nodes) node.generation = generation;
    this.#announce(generation);
    const process = this.#ensureProcess(processKeyOf(generation));
    process.add(generation);
    this.#twins.insert(generation);
    this.#streams.insert(generation);
    this.#agents.insert(generation);
    // Hardly any process has some.
    if (!process.hasTraceless) return;
    this.#details.insert(generation);
    this.#exceptions.insert(generation);
  }

  #remove(generation: Generation): void {
    this.#touch(generation);
    this.#leaveProcess(generation);
    for (const pairs of this.#matchings) pairs.remove(generation);
    generation.isChanged = false;
  }

  #leaveProcess(generation: Generation): void {
    this.#processOf(generation)?.delete(generation);
    this.#dropEmptyProcess(processKeyOf(generation));
  }

  #ensureProcess(key: string): ProcessCalls {
    let process = this.#processes.get(key);
    if (process === undefined) this.#processes.set(key, (process = new ProcessCalls(key, this.#wake)));
    return process;
  }

  #dropEmptyProcess(key: string): void {
    if (this.#processes.get(key)?.isEmpty === true) this.#processes.delete(key);
  }

  /** Nothing of a cluster changes before it was announced: whatever is not announced is as it was. */
  #touch(generation: Generation): void {
    if (generation.isAnnounced) return;
    const cluster = this.#clusterOf(generation);
    for (const each of cluster) this.#announce(each);
    this.#onChange(cluster);
  }

  #announce(generation: Generation): void {
    if (!generation.isAnnounced) this.#announced.push(generation);
    generation.isAnnounced = generation.isChanged = true;
  }

  #clustersOf(generations: Iterable<Generation>): readonly (readonly Generation[])[] {
    const seen = new Set<Generation>();
    const clusters: (readonly Generation[])[] = [];
    for (const generation of generations) {
      if (seen.has(generation)) continue;
      const cluster = this.#clusterOf(generation);
      if (cluster.length > 1) for (const each of cluster) seen.add(each);
      clusters.push(cluster);
    }
    return clusters;
  }

  #clusterOf(generation: Generation): readonly Generation[] {
    // Nearly always.
    if (!this.#matchings.some((pairs) => pairs.partnerOf(generation) !== undefined)) return [generation];
    const cluster = new Set([generation]);
    for (const each of cluster) {
      for (const pairs of this.#matchings) {
        const partner = pairs.partnerOf(each);
        if (partner !== undefined) cluster.add(partner);
      }
    }
    return [...cluster];
  }

  #processOf(generation: Generation): ProcessCalls | undefined {
    return this.#processes.get(processKeyOf(generation));
  }
}

function processKeyOf({ first }: Generation): string {
  return processKey(first.trace.sender, first.compared.process);
}

function generationGapMs(a: Generation, b: Generation): number | null {
  const gapMs = twinGapMs(a.first.compared, b.first.compared);
  if (gapMs === null || (a.nodes.length === 1 && b.nodes.length === 1)) return gapMs;
  const mayBeOne = a.nodes.every((x) => b.nodes.every((y) => mayBeTwins(x.compared, y.compared)));
  return mayBeOne ? gapMs : null;
}

/** A generation may hold a record and a span already, found by their id: then it lacks neither. */
function agentsGapMs(a: Generation, b: Generation): number | null {
  const gapMs = agentGapMs(a.first.compared, b.first.compared);
  if (gapMs === null || (a.nodes.length === 1 && b.nodes.length === 1)) return gapMs;
  return a.nodes.every((x) => b.nodes.every((y) => x.compared.isLog !== y.compared.isLog)) ? gapMs : null;
}

/** A generation that holds a record and a span already, found by their id, lacks no other record. */
function recordsGapMs(role: NonNullable<RecordRole>): (a: Generation, b: Generation) => number | null {
  return (a, b) => {
    const gapMs = tracelessGapMs(a.first.compared, b.first.compared, role);
    if (gapMs === null || (a.nodes.length === 1 && b.nodes.length === 1)) return gapMs;
    const [record, call] = a.first.compared.record === role ? [a, b] : [b, a];
    return record.nodes.length === 1 && call.nodes.every(({ compared }) => lacks(compared, role)) ? gapMs : null;
  };
}

function halvesGapMs(a: Generation, b: Generation): number | null {
  return a.first.compared.role === 'opening'
    ? streamGapMs(a.first.compared, b.first.compared)
    : streamGapMs(b.first.compared, a.first.compared);
}

function isSameSet(a: readonly CallNode[], b: readonly CallNode[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
