import { useCallback, useEffect, useState } from 'preact/hooks';
import { consistentView, formatView, parseView, type View } from './view.ts';

export interface ChangeOptions {
  /** Nothing that a person chose: back must not lead to before it. */
  readonly isSilent?: boolean;
}

export type ChangeView = (part: Partial<View>, options?: ChangeOptions) => void;

/** The view and the address, kept equal: choosing changes the address, back and forward change the view. */
export function useView(): readonly [View, ChangeView] {
  const [view, setView] = useState(() => parseView(location.search));
  useEffect(() => {
    const follow = (): void => setView(parseView(location.search));
    addEventListener('popstate', follow);
    return () => removeEventListener('popstate', follow);
  }, []);
  const change = useCallback((part: Partial<View>, { isSilent = false }: ChangeOptions = {}) => {
    const next = consistentView({ ...parseView(location.search), ...part });
    const address = `${location.pathname}${formatView(next)}`;
    if (address !== `${location.pathname}${location.search}`) {
      if (isSilent) history.replaceState(null, '', address);
      else history.pushState(null, '', address);
    }
    setView(next);
  }, []);
  return [view, change];
}
