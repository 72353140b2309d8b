import { Problem } from './problem.ts';
import { shownPath } from './problem-answer.ts';

const METHODS = ['GET', 'POST', 'PUT', 'DELETE', 'PATCH'] as const;

export interface NotFound {
  readonly problem: Problem;
  readonly headers: Readonly<Record<string, string>>;
}

/** A route as it was registered; a part of its path that begins with a colon stands for any name. */
export interface Route {
  readonly method: string | readonly string[];
  readonly url: string;
}

/**
 * What is said where nothing is: which methods are taken there, which path was meant, and which role to ask instead.
 * Two ports that look alike are the first thing to be mixed up.
 *
 * @param elsewhere what another role has, in a sentence
 */
export function notFound(
  routes: readonly Route[],
  { method, url }: { readonly method: string; readonly url: string },
  elsewhere?: string,
): NotFound {
  const path = url.split('?', 1)[0] ?? '';
  const methodsAt = (at: string) => {
    const there = new Set(routes.filter((route) => isAt(route, at)).flatMap((route) => route.method));
    return METHODS.filter((each) => there.has(each));
  };
  const allowed = methodsAt(path);
  const other = elsewhere === undefined ? '' : `. ${elsewhere}`;
  if (allowed.length > 0) {
    const isQuestion = method === 'GET' || method === 'HEAD';
    const detail = `${method} is not taken here; use ${allowed.join(' or ')}${isQuestion ? other : ''}`;
    return { problem: new Problem(405, detail), headers: { allow: allowed.join(', ') } };
  }
  const trimmed = path.replace(/\/+$/, '');
  const detail = `There is nothing at ${shownPath(url)}`;
  if (trimmed !== path && methodsAt(trimmed).length > 0) {
    return { problem: new Problem(404, `${detail}; did you mean ${trimmed}?`), headers: {} };
  }
  const described = methodsAt('/docs').length > 0 ? '; /docs describes what there is' : '';
  return { problem: new Problem(404, `${detail}${described}${other}`), headers: {} };
}

function isAt({ url }: Route, path: string): boolean {
  const [wanted, given] = [url.split('/'), path.split('/')];
  if (wanted.length !== given.length) return false;
  return wanted.every((part, i) => (part.startsWith(':') ? given[i] !== '' : part === given[i]));
}
