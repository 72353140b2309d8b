import type { Call } from '../../../metrics-store/call.ts';
import type { TallyDelta, UsageDelta } from '../../../metrics-store/commit.ts';

/** What a call adds, and what it takes back when it turns out to be another one. */
export interface CallAmounts {
  readonly tallies: readonly TallyDelta[];
  readonly usages: readonly UsageDelta[];
  readonly call: Call;
}
