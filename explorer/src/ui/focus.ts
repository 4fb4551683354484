/** The focus stays where it was when what had it is made anew. */

/** What a button can be found by once it has been made anew. */
export function keyOf(element: HTMLElement | null): string | null {
  if (!element || !element.matches("button, select")) return null;
  return element.dataset.tensor ?? element.getAttribute("aria-label") ?? element.textContent;
}

export function refocus(key: string | null, ...roots: HTMLElement[]): void {
  if (!key || document.activeElement !== document.body) return;
  for (const root of roots)
    for (const button of root.querySelectorAll<HTMLElement>("button, select"))
      if (keyOf(button) === key) {
        button.focus({ preventScroll: true });
        return;
      }
}
