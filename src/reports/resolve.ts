import { OpenCalls } from './open-calls.ts';
import type { Report } from './report.ts';
import type { ResolvedCall } from './resolved-call.ts';

/** The calls that a set of reports comes to: whatever their order, and however often one is repeated. */
export function resolve(reports: readonly Report[]): readonly ResolvedCall[] {
  const open = new OpenCalls();
  for (const report of reports) open.add(report, { place: 0, loggedAtMs: 0 });
  open.settle();
  return open.calls();
}
