import type { FastifyRequest } from 'fastify';
import type { FieldError } from '../events/event-validator.ts';
import { invalidQuery } from './invalid-query.ts';
import { nearestName } from './nearest-name.ts';

/**
 * What is wrong with a query that names parameters which its endpoint does not have: it would answer as if they had
 * worked.
 */
export function unknownParameters(query: Readonly<Record<string, unknown>>, names: readonly string[]): FieldError[] {
  return Object.keys(query)
    .filter((name) => !names.includes(name))
    .slice(0, UNKNOWN_SHOWN_MAX)
    .map((name) => {
      const nearest = nearestName(name, names);
      const known = names.length === 0 ? 'it takes none' : `it takes ${names.join(', ')}`;
      const hint = nearest === null ? known : `did you mean ${nearest}?`;
      return { path: `/${name.slice(0, NAME_SHOWN_MAX)}`, message: `is no parameter of this endpoint; ${hint}` };
    });
}

const UNKNOWN_SHOWN_MAX = 10;
const NAME_SHOWN_MAX = 64;

/** For endpoints without parameters. @throws {Problem} 400 that names those that were given */
export function refuseParameters({ query }: Pick<FastifyRequest, 'query'>): void {
  const errors = unknownParameters(query as Record<string, unknown>, []);
  if (errors.length > 0) throw invalidQuery(errors);
}
