import { useEffect, useRef, useState } from 'preact/hooks';

export interface KeyFormProps {
  /** Why the last attempt failed, or that a session is over; null for whoever comes first. */
  readonly problem: string | null;
  /** Who else signs people in. */
  readonly signInWith: { readonly name: string; readonly url: string } | null;
  readonly onKey: (key: string, isKept: boolean) => Promise<void>;
}

/** It comes back to what the address shows now, which may be a link that somebody shared. */
function signInAddress(url: string): string {
  return location.search === '' ? url : `${url}?${new URLSearchParams({ view: location.search.slice(1) }).toString()}`;
}

/** A form as password managers know it, so that they offer to keep the key. */
export function KeyForm({ problem, signInWith, onKey }: KeyFormProps) {
  const [key, setKey] = useState('');
  const [isKept, setKept] = useState(false);
  const [isSending, setSending] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => input.current?.focus(), [problem]);
  const submit = async (event: Event): Promise<void> => {
    event.preventDefault();
    if (key.trim() === '' || isSending) return;
    setSending(true);
    try {
      await onKey(key.trim(), isKept);
    } finally {
      setSending(false);
    }
  };
  return (
    <form class="panel key-form" onSubmit={(event) => void submit(event)}>
      <h2>Sign in</h2>
      {signInWith !== null && (
        <>
          <a class="button primary" href={signInAddress(signInWith.url)}>
            Continue with {signInWith.name}
          </a>
          <p class="or">or with an API key</p>
        </>
      )}
      <p>
        Whoever runs this server makes a key with <code>streamlens keys create</code>. The key never gets into the
        address, so that you can share links.
      </p>
      <label>
        <span>API key</span>
        <input
          ref={input}
          type="password"
          autocomplete="current-password"
          spellcheck={false}
          value={key}
          aria-invalid={problem !== null}
          aria-describedby={problem === null ? undefined : 'key-problem'}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {problem !== null && (
        <p id="key-problem" class="problem-text" role="alert">
          {problem}.
        </p>
      )}
      <label class="check">
        <input type="checkbox" checked={isKept} onChange={(event) => setKept(event.currentTarget.checked)} />
        <span>Keep me signed in; otherwise until this browser is closed</span>
      </label>
      <button type="submit" class={signInWith === null ? 'primary' : ''} aria-busy={isSending}>
        Continue
      </button>
    </form>
  );
}
