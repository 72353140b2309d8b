import { createContext } from 'preact';
import { useContext } from 'preact/hooks';
import { type Times, timesIn } from './times.ts';

/** The zone that the page shows times in. */
export const TimesContext = createContext<Times>(timesIn('UTC'));

export function useTimes(): Times {
  return useContext(TimesContext);
}
