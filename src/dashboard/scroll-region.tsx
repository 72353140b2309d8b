import type { ComponentChildren } from 'preact';

interface ScrollRegionProps {
  readonly label: string;
  readonly children: ComponentChildren;
  readonly onScroll?: (event: Event & { readonly currentTarget: HTMLDivElement }) => void;
}

/** A table that may be wider than the page. What scrolls must be reachable by keys. */
export function ScrollRegion({ label, children, onScroll }: ScrollRegionProps) {
  return (
    // biome-ignore lint/a11y: a region that scrolls is focused to be scrolled
    <div class="scroll" role="region" aria-label={label} tabIndex={0} onScroll={onScroll}>
      {children}
    </div>
  );
}
