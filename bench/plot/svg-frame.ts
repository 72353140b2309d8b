/** Readable on white and on nearly black. */
export const COLOURS = ['#2f81f7', '#d29922', '#2ea043', '#db61a2', '#8957e5', '#8b949e'];

export interface FrameOptions {
  readonly width: number;
  readonly height: number;
  /** What a screen reader says. */
  readonly label: string;
}

/** No background of its own, and letters in a grey with enough contrast on light and dark pages; browsers that say which get better. */
export function frame({ width, height, label }: FrameOptions, parts: readonly string[]): string {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(label)}">
<style>
text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #59636e }
.title { font-size: 16px; font-weight: 600 }
.strong { font-weight: 600 }
.grid { stroke: #8b949e; stroke-opacity: .25 }
.limit { stroke: #da3633; stroke-dasharray: 5 4 }
.whisker { stroke: #59636e; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #b7bdc8 } .whisker { stroke: #b7bdc8 } }
</style>
${parts.join('\n')}
</svg>
`;
}

export function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
