import { useState } from 'preact/hooks';

const STORED_AS = 'streamlens.apiKey';

export interface ApiKey {
  readonly key: string | null;
  /** Kept for all tabs until it is forgotten, or for this one alone. Never in the address. */
  readonly give: (key: string, isKept: boolean) => void;
  readonly forget: () => void;
}

export function useApiKey(): ApiKey {
  const [key, setKey] = useState<string | null>(storedKey);
  return {
    key,
    give(next, isKept) {
      attempt(() => (isKept ? localStorage : sessionStorage).setItem(STORED_AS, next));
      setKey(next);
    },
    forget() {
      attempt(() => sessionStorage.removeItem(STORED_AS));
      attempt(() => localStorage.removeItem(STORED_AS));
      setKey(null);
    },
  };
}

function storedKey(): string | null {
  return attempt(() => sessionStorage.getItem(STORED_AS) ?? localStorage.getItem(STORED_AS)) ?? null;
}

/** Storage may be forbidden; then the key lasts as long as the page. */
function attempt<T>(use: () => T): T | undefined {
  try {
    return use();
  } catch {
    return undefined;
  }
}
