import type { DimensionValue } from './api-answers.ts';
import { SearchedChoice } from './searched-choice.tsx';

export interface ChoiceProps {
  readonly label: string;
  /** Words for no choice; absent where one has to be made. */
  readonly any?: string | undefined;
  readonly value: string | null;
  readonly options: readonly DimensionValue[];
  readonly onChange: (value: string | null) => void;
}

/** More than these are searched. The browser's own list is better for fewer, above all on a phone. */
const LISTED_MAX = 30;

/** One name of those that were seen. */
export function Choice({ label, any, value, options, onChange }: ChoiceProps) {
  const names = options.map((option) => option.value).sort((a, b) => a.localeCompare(b));
  // A shared link may name what has not been seen yet.
  if (value !== null && !names.includes(value)) names.unshift(value);
  const isChosen = value !== null && any !== undefined;
  if (names.length > LISTED_MAX) return <SearchedChoice {...{ label, any, value, names, isChosen, onChange }} />;
  return (
    <label class={`choice${isChosen ? ' chosen' : ''}`} title={value ?? undefined}>
      <span>{label}</span>
      <select value={value ?? ''} onChange={(event) => onChange(event.currentTarget.value || null)}>
        {any !== undefined && <option value="">{any}</option>}
        {names.map((name) => (
          <option key={name} value={name}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}
