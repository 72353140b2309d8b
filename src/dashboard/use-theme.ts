import { useEffect, useState } from 'preact/hooks';
import { keepTheme, storedTheme, type Theme } from './theme.ts';

export interface ChosenTheme {
  readonly theme: Theme;
  /** Changes whenever the colours do. */
  readonly colours: string;
  readonly setTheme: (theme: Theme) => void;
}

export function useTheme(): ChosenTheme {
  const [theme, setTheme] = useState<Theme>(storedTheme);
  const [isSystemDark, setSystemDark] = useState(() => matchMedia('(prefers-color-scheme: dark)').matches);
  useEffect(() => {
    const query = matchMedia('(prefers-color-scheme: dark)');
    const follow = (): void => setSystemDark(query.matches);
    query.addEventListener('change', follow);
    return () => query.removeEventListener('change', follow);
  }, []);
  return {
    theme,
    colours: theme === 'system' ? (isSystemDark ? 'dark' : 'light') : theme,
    setTheme: (next) => {
      keepTheme(next);
      setTheme(next);
    },
  };
}
