/** Where another tenant was chosen, what had the focus is gone, and the new page begins at its top. */
export function goToTop(): void {
  document.getElementById('main')?.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}
