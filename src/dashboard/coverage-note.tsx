import type { Api } from './api.ts';
import type { Coverage } from './api-answers.ts';
import { formatCount, formatShare } from './format-number.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 15_000;

export interface CoverageNoteProps {
  readonly api: Api;
  readonly tenant: string;
  /** Whole hours. */
  readonly range: { readonly from: string; readonly to: string };
}

/** A line for each sender that tells by its own metrics what it used: how much of that was seen as calls. */
export function CoverageNote({ api, tenant, range }: CoverageNoteProps) {
  const { value } = usePolled<Coverage>(
    (signal) => api.get('/v1/coverage', { tenant_id: tenant, ...range, limit: 1 }, signal),
    { subject: `${tenant} ${range.from} ${range.to}`, everyMs: POLL_MS, dependencies: [api] },
  );
  const lines = (value?.totals ?? []).filter(({ metered }) => metered !== null);
  return (
    <>
      {lines.map((total) => (
        <p key={total.sender} class="panel-note coverage">
          <CoverageText {...total} />
        </p>
      ))}
    </>
  );
}

type Total = Coverage['totals'][number];

function CoverageText({ sender, metered, metered_only: isMeteredOnly, seen_share: share }: Total) {
  if (isMeteredOnly) {
    const tokens = (metered?.prompt_tokens ?? 0) + (metered?.completion_tokens ?? 0);
    return (
      <>
        Metered usage: <b>{sender}</b> says by its metrics that it used {formatCount(tokens)} tokens, and none of its
        calls came. They are in no number here.
      </>
    );
  }
  return (
    <>
      {formatShare(share === null ? null : Math.min(1, share))} of what <b>{sender}</b> used by its own metrics was seen
      as calls.
    </>
  );
}
