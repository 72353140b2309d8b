import type { MatchLogic } from '@pydantic/genai-prices';

/**
 * Whether a name is a model's own name, not one that contains it: rules of the library search within names, and a model
 * that came out since (`claude-sonnet-5-5`) would be billed as the one whose name it begins with. What may stand beside
 * the name is a snapshot's date or version behind it and a host's path before it.
 *
 * @param name lower case, matched by the rule
 */
export function isWholeName(rule: MatchLogic, name: string): boolean {
  if ('or' in rule) return rule.or.some((one) => isWholeName(one, name));
  // Expressions beside another rule say what the name must not be.
  if ('and' in rule) return rule.and.some((one) => !('regex' in one) && isWholeName(one, name));
  if ('regex' in rule) return new RegExp(rule.regex).test(name);
  if ('equals' in rule) return rule.equals.toLowerCase() === name;
  if ('starts_with' in rule) return isSurrounded(name, rule.starts_with.toLowerCase(), 0);
  const text = ('ends_with' in rule ? rule.ends_with : rule.contains).toLowerCase();
  return isSurrounded(name, text, 'ends_with' in rule ? name.length - text.length : name.indexOf(text));
}

function isSurrounded(name: string, text: string, at: number): boolean {
  if (at < 0 || name.slice(at, at + text.length) !== text || !HOST.test(name.slice(0, at))) return false;
  const rest = name.slice(at + text.length);
  // The library cuts some versions in the middle, and leaves sizes open.
  if (text.endsWith('-0')) return /^\d\d$/.test(rest) || SNAPSHOT.test(rest);
  if (text.endsWith('-') && SIZE.test(rest)) return true;
  return SNAPSHOT.test(rest) || (text === 'claude-2' && /^\.[01]$/.test(rest));
}

/** A path or a vendor, or the two words before OpenAI's moderation. */
const HOST = /^(?:|.*[/.]|omni-|text-)$/;
const SIZE = /^\d+b(?:-it)?$/;
const SNAPSHOT =
  /^(?:[-@:._]?(?:latest|preview|exp|experimental|default|stable|beta|thinking|instruct|it|native-audio|tools|customtools|20\d\d-?\d\d-?\d\d|\d\d-\d\d(?:-20\d\d)?|\d\d-20\d\d|\d{3,4}|v?\d+:\d+|v\d+(?:\.\d+)?|\d+k))*$/;
