import { useEffect, useRef, useState } from 'preact/hooks';
import { useTimes } from './times-context.ts';
import type { ChangeView } from './use-view.ts';
import { spanOf, type View } from './view.ts';

export interface CustomRangeProps {
  readonly view: View;
  readonly change: ChangeView;
}

/** The range that was chosen, and the form to choose another one, which lies over the page. */
export function CustomRange({ view, change }: CustomRangeProps) {
  const times = useTimes();
  const [isOpen, setOpen] = useState(false);
  const holder = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = (event: Event): void => {
      if (!(event.target instanceof Node) || holder.current?.contains(event.target) !== true) setOpen(false);
    };
    addEventListener('pointerdown', leave);
    return () => removeEventListener('pointerdown', leave);
  }, [isOpen]);
  const { fromMs, toMs } =
    view.fromMs !== null && view.toMs !== null ? { fromMs: view.fromMs, toMs: view.toMs } : spanOf(view, Date.now());
  return (
    // biome-ignore lint/a11y: Escape closes the form that the button opens
    <div ref={holder} class="custom-range" onKeyDown={(event) => event.key === 'Escape' && setOpen(false)}>
      <button
        type="button"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        aria-label={`Change the range ${times.range(fromMs, toMs, 0)}`}
      >
        {times.range(fromMs, toMs, 0)}
      </button>
      {isOpen && (
        <RangeForm
          key={`${fromMs} ${toMs} ${times.zone}`}
          fromMs={fromMs}
          toMs={toMs}
          onApply={(range) => {
            setOpen(false);
            change({ range: 'custom', ...range });
          }}
        />
      )}
    </div>
  );
}

interface RangeFormProps {
  readonly fromMs: number;
  readonly toMs: number;
  readonly onApply: (range: { fromMs: number; toMs: number }) => void;
}

const FORMAT = 'YYYY-MM-DD HH:MM';

/** Takes both ends as text, since the browser's own fields write dates in its language and know one time zone only. */
function RangeForm({ fromMs, toMs, onApply }: RangeFormProps) {
  const times = useTimes();
  const [from, setFrom] = useState(times.typed(fromMs));
  const [to, setTo] = useState(times.typed(toMs));
  const first = useRef<HTMLInputElement>(null);
  useEffect(() => first.current?.focus(), []);
  const [parsedFrom, parsedTo] = [times.parseTyped(from), times.parseTyped(to)];
  const problem =
    parsedFrom === null || parsedTo === null
      ? `Write times as ${FORMAT}`
      : parsedFrom >= parsedTo
        ? 'From must be before to'
        : null;
  const apply = (event: Event): void => {
    event.preventDefault();
    if (problem === null && parsedFrom !== null && parsedTo !== null) onApply({ fromMs: parsedFrom, toMs: parsedTo });
  };
  const field = {
    placeholder: FORMAT,
    spellcheck: false,
    autocomplete: 'off',
    'aria-describedby': 'range-problem',
  } as const;
  return (
    <form class="range-form" onSubmit={apply}>
      <label>
        <span>From</span>
        <input
          ref={first}
          {...field}
          value={from}
          aria-invalid={parsedFrom === null}
          onInput={(event) => setFrom(event.currentTarget.value)}
        />
      </label>
      <label>
        <span>To</span>
        <input
          {...field}
          value={to}
          aria-invalid={parsedTo === null}
          onInput={(event) => setTo(event.currentTarget.value)}
        />
      </label>
      <p
        id="range-problem"
        class={problem === null ? 'hint' : 'problem-text'}
        role={problem === null ? undefined : 'alert'}
      >
        {problem ?? `Times in ${times.zone}`}
      </p>
      <button type="submit" class="primary" disabled={problem !== null}>
        Apply
      </button>
    </form>
  );
}
