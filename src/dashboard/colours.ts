/** The value of a colour of the style sheet in the theme of this moment; a canvas takes no CSS variables. */
export function colourOf(name: string): string {
  const probe = document.createElement('span');
  probe.hidden = true;
  probe.style.color = `var(--${name})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
