/**
 * Whether `*` in the pattern can stand for some text (or none) so that it equals `text`. Linear in memory and at most
 * pattern × text in time: a regular expression with several `.*` would not be.
 */
export function matchesGlob(pattern: string, text: string): boolean {
  let at = 0;
  let star = -1;
  let resumeAt = 0;
  let i = 0;
  while (at < text.length) {
    if (i < pattern.length && pattern[i] === '*') {
      star = i++;
      resumeAt = at;
    } else if (i < pattern.length && pattern[i] === text[at]) {
      i++;
      at++;
    } else if (star >= 0) {
      // The last star takes one more character; earlier stars need not be tried again.
      i = star + 1;
      at = ++resumeAt;
    } else {
      return false;
    }
  }
  while (pattern[i] === '*') i++;
  return i === pattern.length;
}
