/**
 * The folder that holds `package.json` and `dist`.
 *
 * Holds from `src/app` and from `dist/chunks`, which both lie two folders below it; that is why only this file asks.
 */
export const PACKAGE_ROOT = new URL('../../', import.meta.url);
