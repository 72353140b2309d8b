import { useEffect, useId, useRef, useState } from 'preact/hooks';
import { Name } from './name.tsx';

export interface SearchedChoiceProps {
  readonly label: string;
  readonly any: string | undefined;
  readonly value: string | null;
  readonly names: readonly string[];
  readonly isChosen: boolean;
  readonly onChange: (value: string | null) => void;
}

/** How many a person looks through; the rest is found by typing. */
const SHOWN_MAX = 100;

/** A choice among many names: typing finds, arrows walk, Enter chooses, Escape leaves everything as it was. */
export function SearchedChoice({ label, any, value, names, isChosen, onChange }: SearchedChoiceProps) {
  const id = useId();
  const input = useRef<HTMLInputElement>(null);
  const list = useRef<HTMLUListElement>(null);
  /** Null: closed. */
  const [search, setSearch] = useState<string | null>(null);
  const [at, setAt] = useState(0);
  const words = (search ?? '').toLowerCase().split(/\s+/);
  const found = names.filter((name) => words.every((word) => name.toLowerCase().includes(word)));
  const rows = [...(any !== undefined && search === '' ? [null] : []), ...found.slice(0, SHOWN_MAX)];
  const close = (): void => setSearch(null);
  const choose = (name: string | null): void => {
    close();
    if (name !== value) onChange(name);
  };
  useEffect(() => {
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' });
  }, [at, search]);
  const onKey = (event: KeyboardEvent): void => {
    const targets: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1, PageDown: at + 10, PageUp: at - 10 };
    const target = targets[event.key];
    if (search === null) {
      if (target === undefined && event.key !== 'Enter') return;
      event.preventDefault();
      setSearch('');
      setAt(0);
    } else if (target !== undefined) {
      event.preventDefault();
      setAt(Math.min(Math.max(target, 0), rows.length - 1));
    } else if (event.key === 'Enter') {
      event.preventDefault();
      const row = rows[at];
      if (row !== undefined) choose(row);
    } else if (event.key === 'Escape') close();
  };
  return (
    <div class={`choice searched${isChosen ? ' chosen' : ''}`} title={value ?? undefined}>
      <label for={id}>{label}</label>
      <input
        ref={input}
        id={id}
        role="combobox"
        aria-expanded={search !== null}
        aria-controls={`${id}-list`}
        aria-autocomplete="list"
        aria-activedescendant={search === null || rows.length === 0 ? undefined : `${id}-${at}`}
        autocomplete="off"
        spellcheck={false}
        placeholder={search === null ? any : 'Type to find'}
        value={search ?? value ?? ''}
        onPointerDown={() => search === null && setSearch('')}
        onInput={(event) => {
          setSearch(event.currentTarget.value);
          setAt(0);
        }}
        onKeyDown={onKey}
        onBlur={close}
      />
      {search !== null && (
        // biome-ignore lint/a11y: the input has the focus and says which option is meant
        <ul ref={list} id={`${id}-list`} role="listbox" aria-label={label} class="options">
          {rows.map((name, index) => (
            // biome-ignore lint/a11y: see above
            <li
              key={name ?? ''}
              id={`${id}-${index}`}
              role="option"
              aria-selected={index === at}
              // Before the input loses the focus, which would close the list.
              onPointerDown={(event) => {
                event.preventDefault();
                choose(name);
                input.current?.blur();
              }}
            >
              {name === null ? any : <Name text={name} />}
            </li>
          ))}
          {found.length === 0 && <li class="none">Nothing is named so</li>}
          {found.length > SHOWN_MAX && <li class="none">… and {found.length - SHOWN_MAX} more: type to find them</li>}
        </ul>
      )}
    </div>
  );
}
