import { useCallback, useEffect, useState } from 'preact/hooks';
import { formatView, parseView, type View } from './view.ts';

export type ChangeView = (part: Partial<View>) => void;

/** The view and the address, kept equal: choosing changes the address, back and forward change the view. */
export function useView(): readonly [View, ChangeView] {
  const [view, setView] = useState(() => parseView(location.search));
  useEffect(() => {
    const follow = (): void => setView(parseView(location.search));
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const change = useCallback((part: Partial<View>) => {
    const next = { ...parseView(location.search), ...part };
    const address = `${location.pathname}${formatView(next)}`;
    if (address !== `${location.pathname}${location.search}`) history.pushState(null, '', address);
    setView(next);
  }, []);
  return [view, change];
}
