import { useState } from 'preact/hooks';

const STORED_AS = 'streamlens.apiKey';

/** The key lives as long as the tab, and never in the address. */
export function useApiKey(): readonly [string | null, (key: string) => void] {
  const [key, setKey] = useState<string | null>(storedKey);
  return [
    key,
    (next) => {
      try {
        sessionStorage.setItem(STORED_AS, next);
      } catch {
        // Storage may be forbidden; then the key lasts as long as the page.
      }
      setKey(next);
    },
  ];
}

function storedKey(): string | null {
  try {
    return sessionStorage.getItem(STORED_AS);
  } catch {
    return null;
  }
}
