import type { StreamRole } from './compared-call.ts';
import { agentsGapMs, halvesGapMs, recordsGapMs, twinsGapMs } from './generation-gaps.ts';
import { generationsOf } from './generations.ts';
import { type OpenResponse, OpenResponses } from './open-responses.ts';
import { type CallNode, Generation, type Telling } from './open-trace.ts';
import { ProcessCalls, processKey } from './process-calls.ts';
import type { Report } from './report.ts';
import { StableMatching } from './stable-matching.ts';
import { endMsOf } from './trace-call.ts';
import type { WholeHashes } from './whole-trace.ts';

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
  readonly #responses: OpenResponses;
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
    this.#responses = new OpenResponses(wake);
    const common = {
      idOf: ({ first }: Generation) => first.compared.id,
      willChange: (generation: Generation) => this.#touch(generation),
    };
    this.#twins = new StableMatching({
      ...common,
      candidatesOf: this.#candidates((process, telling) => process.near(telling)),
      gapOf: twinsGapMs,
    });
    this.#streams = new StableMatching({
      ...common,
      candidatesOf: this.#candidates((process, telling) => process.halvesOf(telling)),
      gapOf: halvesGapMs,
    });
    this.#agents = new StableMatching({
      ...common,
      candidatesOf: this.#candidates((process, telling) => process.endingNear(telling)),
      gapOf: agentsGapMs,
    });
    const candidatesOf = this.#candidates((process, telling) => process.endingWith(telling));
    this.#details = new StableMatching({ ...common, candidatesOf, gapOf: recordsGapMs('details') });
    this.#exceptions = new StableMatching({ ...common, candidatesOf, gapOf: recordsGapMs('exception') });
    this.#matchings = [this.#twins, this.#streams, this.#agents, this.#details, this.#exceptions];
  }

  replace({ gone, come, stayed }: NodeChanges): void {
    const [only] = come;
    // Nearly always a trace of one call comes.
    if (only !== undefined && come.length === 1 && gone.length === 0 && stayed.length === 0) return this.#come(only);
    for (const { generation } of [...gone, ...stayed]) if (generation !== null) this.#touch(generation);
    const responses = new Set<OpenResponse>();
    for (const node of gone) {
      if (node.generation !== null) this.#remove(node.generation);
      for (const response of this.#responses.leave(node)) responses.add(response);
    }
    for (const node of come) {
      if (node.responseKeys.length === 0) this.#add(new Generation([node]));
      else for (const response of this.#responses.enter(node)) responses.add(response);
    }
    this.#regenerate(responses);
  }

  #come(node: CallNode): void {
    const isAlone = node.responseKeys.length === 0 || this.#responses.enterAlone(node);
    if (isAlone) this.#add(new Generation([node]));
    else this.#regenerate(this.#responses.enter(node));
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
    return this.#clustersOf(
      new Set(
        [...this.#processes.values()].flatMap((process) => Array.from(process.all, ({ generation }) => generation)),
      ),
    );
  }

  /** What ended the stream that this one opened. */
  endOf(opening: Generation): Generation | undefined {
    return hasRole(opening, 'opening') ? this.#streams.partnerOf(opening) : undefined;
  }

  /** The nodes that may change with this one: of its cluster, and those that name the same response. */
  nodesWith(node: CallNode): readonly CallNode[] {
    const cluster = this.#clusterOf(node.generation as Generation).flatMap(({ nodes }) => nodes);
    return [...cluster, ...this.#responses.nodesWith(node)];
  }

  /** These nodes go away, with all that they are linked to; nothing is changed by that. */
  forget(nodes: readonly CallNode[]): void {
    for (const generation of new Set(nodes.map((node) => node.generation as Generation))) {
      for (const pairs of this.#matchings) pairs.forget(generation);
      this.#leaveProcess(generation);
    }
    this.#responses.forget(nodes);
  }

  /** Whether the node is a call by itself: only such a one may sleep. A half of a stream is waited for. */
  isAlone(node: CallNode): boolean {
    const generation = node.generation as Generation;
    if (generation.nodes.length > 1 || generation.tellings.some(({ compared }) => compared.role !== null)) return false;
    return this.#responses.isAlone(node) && this.#clusterOf(generation).length === 1;
  }

  /** Under these hashes a node that sleeps has to be found. */
  hashesOf(node: CallNode): readonly number[] {
    const generation = node.generation as Generation;
    const ofProcesses = generation.tellings.flatMap((telling) =>
      this.#ensureProcess(processKeyOf(telling)).hashesOf(telling),
    );
    return [...ofProcesses, ...node.responseKeys.map(({ hash }) => hash)];
  }

  /** They are alone, and from now on nobody finds them here. */
  sleep(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      for (const telling of tellingsAlone(node)) this.#processOf(telling)?.sleep(telling);
      this.#responses.sleep(node);
    }
  }

  /** They are here again, and still alone. */
  wake(nodes: readonly CallNode[]): void {
    for (const node of nodes) {
      for (const telling of tellingsAlone(node)) this.#processOf(telling)?.wake(telling);
      this.#responses.openAlone(node);
    }
  }

  /** Nodes that sleep go away. */
  forgetAsleep(nodes: readonly CallNode[]): void {
    for (const telling of nodes.flatMap(tellingsAlone)) {
      this.#processOf(telling)?.forget(telling.compared);
      this.#dropEmptyProcess(processKeyOf(telling));
    }
  }

  /**
   * Counts a new call of one report among those that sleep, where it is linked to nobody.
   *
   * @returns the hashes of its start and its end; null where it is to be judged with others
   */
  addAsleep(report: Report, response: string | null): Pick<WholeHashes, 'start' | 'end'> | null {
    const { sender, process, scope } = report;
    if (response !== null && this.#responses.has(response)) return null;
    return this.#ensureProcess(processKey(sender, process)).addAsleep(scope) ? this.hashesOfWhole(report) : null;
  }

  /** Under these the only call of a trace of one report has to be found while it sleeps. */
  hashesOfWhole(report: Report): Pick<WholeHashes, 'start' | 'end'> {
    const { sender, process, start_ms: startMs, duration_ms: durationMs } = report;
    const ofProcess = this.#ensureProcess(processKey(sender, process));
    return { start: ofProcess.startHashAt(startMs), end: ofProcess.recordHashAt(endMsOf({ startMs, durationMs })) };
  }

  /** One that was added asleep goes away. */
  removeAsleep({ sender, process, scope }: Report): void {
    const key = processKey(sender, process);
    this.#processes.get(key)?.forget({ scope, isTraceless: false });
    this.#dropEmptyProcess(key);
  }

  #candidates(in_: CandidatesIn): (generation: Generation) => Iterable<Generation> {
    return ({ tellings }) => {
      const [only] = tellings;
      // Nearly always.
      if (only !== undefined && tellings.length === 1) return this.#candidatesOf(only, in_);
      return tellings.flatMap((telling) => [...this.#candidatesOf(telling, in_)]);
    };
  }

  #candidatesOf(telling: Telling, in_: CandidatesIn): Iterable<Generation> {
    const process = this.#processOf(telling);
    return process === undefined ? [] : in_(process, telling);
  }

  /** The generations of these responses, and of all that share calls with them. */
  #regenerate(responses: Iterable<OpenResponse>): void {
    for (const { nodes, repeats } of this.#responses.groupsOf(responses)) {
      const [only] = nodes;
      if (only !== undefined && nodes.length === 1 && only.generation === null) {
        this.#add(new Generation([only]));
        continue;
      }
      const nodeOf = new Map(nodes.map((node) => [node.compared, node]));
      const wanted = generationsOf([...nodeOf.keys()], repeats).map((calls) =>
        calls.map((call) => nodeOf.get(call) as CallNode),
      );
      const known = new Set(nodes.map(({ generation }) => generation).filter((generation) => generation !== null));
      const kept = [...known].filter((each) => wanted.some((wantedNodes) => isSameSet(each.nodes, wantedNodes)));
      for (const each of known) if (!kept.includes(each)) this.#remove(each);
      for (const wantedNodes of wanted) {
        if (!kept.some((each) => isSameSet(each.nodes, wantedNodes))) this.#add(new Generation(wantedNodes));
      }
    }
  }

  #add(generation: Generation): void {
    for (const node of generation.nodes) node.generation = generation;
    this.#announce(generation);
    let hasTraceless = false;
    for (const telling of generation.tellings) {
      const process = this.#ensureProcess(processKeyOf(telling));
      process.add(telling);
      hasTraceless ||= process.hasTraceless;
    }
    this.#twins.insert(generation);
    this.#streams.insert(generation);
    this.#agents.insert(generation);
    // Hardly any process has some.
    if (!hasTraceless) return;
    this.#details.insert(generation);
    this.#exceptions.insert(generation);
  }

  #remove(generation: Generation): void {
    this.#touch(generation);
    this.#leaveProcess(generation);
    for (const pairs of this.#matchings) pairs.remove(generation);
    generation.isChanged = false;
    for (const node of generation.nodes) node.generation = null;
  }

  #leaveProcess({ tellings }: Generation): void {
    for (const telling of tellings) {
      this.#processOf(telling)?.delete(telling);
      this.#dropEmptyProcess(processKeyOf(telling));
    }
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

  #processOf(telling: Telling): ProcessCalls | undefined {
    return this.#processes.get(processKeyOf(telling));
  }
}

type CandidatesIn = (process: ProcessCalls, telling: Telling) => Iterable<Generation>;

function processKeyOf({ compared, generation }: Telling): string {
  return processKey(generation.first.trace.sender, compared.process);
}

function tellingsAlone({ generation }: CallNode): readonly Telling[] {
  return (generation as Generation).tellings;
}

function hasRole({ tellings }: Generation, role: StreamRole): boolean {
  return tellings.some(({ compared }) => compared.role === role);
}

function isSameSet(a: readonly CallNode[], b: readonly CallNode[]): boolean {
  return a.length === b.length && a.every((node) => b.includes(node));
}
