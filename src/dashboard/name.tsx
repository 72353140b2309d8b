/** The end of a name is what tells ARNs, paths and versions apart; it stays in sight with these many characters. */
const TAIL = 10;

/** Whether a name may be shown in two parts; then what it names needs it whole as its label. */
export function isLongName(text: string): boolean {
  return Array.from(text).length >= 2 * TAIL;
}

/**
 * A name of any length in the room that there is: where it is too long its middle goes, and the pointer shows it whole.
 */
export function Name({ text }: { readonly text: string }) {
  const characters = Array.from(text);
  if (!isLongName(text)) {
    return (
      <span class="name" title={text}>
        <span class="name-head">{text}</span>
      </span>
    );
  }
  return (
    <span class="name" title={text}>
      <span class="name-head">{characters.slice(0, -TAIL).join('')}</span>
      <span class="name-tail">{characters.slice(-TAIL).join('')}</span>
    </span>
  );
}
