import type { Api } from './api.ts';
import type { Coverage } from './api-answers.ts';
import { formatCount, formatShare } from './format-number.ts';
import { usePolled } from './use-polled.ts';

const POLL_MS = 15_000;
/** More senders than these are read in the API. */
const LINES_MAX = 12;

export interface CoverageNoteProps {
  readonly api: Api;
  /** Null: all that the reader may see. */
  readonly tenant: string | null;
  /** Whole hours. */
  readonly range: { readonly from: string; readonly to: string };
}

/** A line for each sender that tells by its own metrics what it used: how much of that was seen as calls. */
export function CoverageNote({ api, tenant, range }: CoverageNoteProps) {
  const { value } = usePolled<Coverage>(
    (signal) => api.get('/v1/coverage', { tenant_id: tenant, ...range, limit: 1 }, signal),
    { subject: JSON.stringify([tenant, range]), everyMs: POLL_MS, dependencies: [api] },
  );
  const lines = (value?.totals ?? []).filter(({ metered }) => metered !== null);
  return (
    <>
      {lines.slice(0, LINES_MAX).map((total) => (
        <p key={`${total.tenant_id}\0${total.sender}`} class="panel-note coverage">
          {tenant === null && <>{total.tenant_id}: </>}
          <CoverageText {...total} />
        </p>
      ))}
      {lines.length > LINES_MAX && (
        <p class="panel-note">… and {lines.length - LINES_MAX} more senders, which /v1/coverage tells.</p>
      )}
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
