import { applyTheme, storedTheme } from './theme.ts';

// Runs before anything is drawn, so that a dark page never flashes white.
applyTheme(storedTheme());
