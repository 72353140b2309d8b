import type { CallStatus } from './api-answers.ts';

const WORDS: Readonly<Record<CallStatus, string>> = {
  completed: 'Completed',
  error: 'Error',
  waiting: 'Waiting',
  unanswered: 'Unanswered',
};

export function StatusBadge({ status }: { readonly status: CallStatus }) {
  return (
    <span class="badge" data-status={status}>
      {WORDS[status]}
    </span>
  );
}
