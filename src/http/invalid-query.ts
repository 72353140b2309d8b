import type { FieldError } from '../events/event-validator.ts';
import { Problem } from './problem.ts';

/** A 400 that names the parameters. Apart from the parser, so that who only throws it need not load the schemas. */
export function invalidQuery(errors: readonly FieldError[]): Problem {
  const unique = [...new Map(errors.map((error) => [error.path, error])).values()];
  const detail = unique.map(({ path, message }) => `${path.slice(1)} ${message}`).join('; ');
  return new Problem(400, `The query is not valid: ${detail}`, { errors: unique });
}
