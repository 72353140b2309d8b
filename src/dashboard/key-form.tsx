import { useEffect, useRef, useState } from 'preact/hooks';

export interface KeyFormProps {
  /** Whether one was given and not taken, or is taken no longer. */
  readonly isRefused: boolean;
  readonly onKey: (key: string, isKept: boolean) => void;
}

/** A form as password managers know it, so that they offer to keep the key. */
export function KeyForm({ isRefused, onKey }: KeyFormProps) {
  const [key, setKey] = useState('');
  const [isKept, setKept] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [isRefused]);
  const submit = (event: Event): void => {
    event.preventDefault();
    if (key.trim() !== '') onKey(key.trim(), isKept);
  };
  return (
    <form class="panel key-form" onSubmit={submit}>
      <h2>This server asks for an API key</h2>
      <p>
        Whoever runs it makes one with <code>streamlens keys create</code>. It never gets into the address, so that you
        can share links.
      </p>
      <label>
        <span>API key</span>
        <input
          ref={input}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={key}
          aria-invalid={isRefused}
          aria-describedby={isRefused ? 'key-problem' : undefined}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {isRefused && (
        <p id="key-problem" class="problem-text" role="alert">
          The server does not take this key. It may have been revoked.
        </p>
      )}
      <label class="check">
        <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
        <span>Keep it in this browser until I sign out; otherwise until this tab is closed</span>
      </label>
      <button type="submit" class="primary">
        Continue
      </button>
    </form>
  );
}
