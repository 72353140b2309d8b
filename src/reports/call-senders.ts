import type { Report } from './report.ts';

/** Who told of a call, in the words in which metrics name who used something. */
export interface CallSender {
  /** The coding agent, or else the service. */
  readonly service: string;
  /** That of the agent; '' for anybody else, as metrics of services name none. */
  readonly session: string;
}

/** An application and the gateway behind it tell of the same call; each is compared with its own metrics. */
const SENDERS_MAX = 4;

/** Each once, in the order of the reports. */
export function sendersOf(reports: readonly Report[]): readonly CallSender[] {
  const [only] = reports;
  // Nearly always.
  if (only !== undefined && reports.length === 1) return [senderOf(only)];
  const senders: CallSender[] = [];
  for (const report of reports) {
    const sender = senderOf(report);
    const isKnown = senders.some(({ service, session }) => service === sender.service && session === sender.session);
    if (!isKnown && senders.length < SENDERS_MAX) senders.push(sender);
  }
  return senders.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

export function senderOf({ agent, process, scope, names }: Report): CallSender {
  if (agent !== undefined) return { service: agent, session: names?.session ?? '' };
  // The first line of what tells processes apart is the name of the service.
  const end = process.indexOf('\n');
  const service = end < 0 ? process : process.slice(0, end);
  return { service: service || scope || UNKNOWN_SERVICE, session: '' };
}

const UNKNOWN_SERVICE = 'unknown';

function keyOf({ service, session }: CallSender): string {
  return `${service}\0${session}`;
}
