import { servedClaude, withDash } from '../events/claude-name.ts';
import type { Facts } from './report.ts';

/**
 * Claude names itself in its answers, whoever serves it, and hosts bill it by where it is served: `global.` of Bedrock
 * 10 % less than a region. So the name that says where stands for the one that says the same without.
 *
 * @param others facts of others who tell of the call, of whom one may know by which name it was asked
 */
export function withServedModel(facts: Facts, others: readonly Facts[]): Facts {
  const { model = null, answered_model: answered = null } = facts;
  const bare = answered ?? model;
  if (bare === null || !bare.startsWith('claude-')) return facts;
  const names = [model, ...others.map((other) => other.model ?? null)];
  const served = names.find((name): name is string => name !== null && servedClaude(name) === withDash(bare));
  return served === undefined ? facts : { ...facts, model: served, answered_model: null };
}
