import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** A part of the page, and whether it is within the window or nearly: what nobody sees need not be asked for again. */
export function useSeen<T extends HTMLElement>(): readonly [RefObject<T | null>, boolean] {
  const element = useRef<T>(null);
  const [isSeen, setSeen] = useState(false);
  useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new IntersectionObserver((entries) => setSeen(entries.at(-1)?.isIntersecting === true), {
      rootMargin: '200px',
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, isSeen];
}
