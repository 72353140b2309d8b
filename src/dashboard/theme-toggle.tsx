import type { Theme } from './theme.ts';

const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };
const SIGNS: Readonly<Record<Theme, string>> = { system: '◐', light: '☀', dark: '☾' };

export interface ThemeToggleProps {
  readonly theme: Theme;
  readonly onTheme: (theme: Theme) => void;
}

/** Goes round: as the system, light, dark. */
export function ThemeToggle({ theme, onTheme }: ThemeToggleProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={`Theme: ${theme}. Change to ${NEXT[theme]}`}
      title={`Theme: ${theme}`}
      onClick={() => onTheme(NEXT[theme])}
    >
      <span aria-hidden="true">{SIGNS[theme]}</span>
    </button>
  );
}
