/** Elements in one expression. */
export type Child = Node | string | null | undefined | false;

type Handlers = { [K in keyof HTMLElementEventMap as `on${K}`]?: (event: HTMLElementEventMap[K]) => void };
export type Attributes = Handlers & Record<string, unknown>;

export function h<K extends keyof HTMLElementTagNameMap>(tag: K, attributes: Attributes = {}, ...children: Child[]): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value as EventListener);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...children.filter((child): child is Node | string => Boolean(child)));
  return element;
}

/** Give the focus to one of several elements by arrow keys, so that all of them are one stop of the Tab key. */
export function roving(container: HTMLElement, items: HTMLElement[], current: number): void {
  items.forEach((item, i) => (item.tabIndex = i === current ? 0 : -1));
  container.onkeydown = (event) => {
    const at = items.indexOf(document.activeElement as HTMLElement);
    if (at < 0) return;
    const moves: Record<string, number> = { ArrowRight: at + 1, ArrowDown: at + 1, ArrowLeft: at - 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 };
    const to = moves[event.key];
    if (to === undefined || to < 0 || to >= items.length) return;
    event.preventDefault();
    items.forEach((item, i) => (item.tabIndex = i === to ? 0 : -1));
    items[to].focus();
    items[to].scrollIntoView({ block: "nearest", inline: "nearest" });
  };
}

/** Scroll a box sideways, just so far that it shows an element. What is around the box stays where it is. */
export function reveal(element: Element | null | undefined, box: Element): void {
  if (!element) return;
  const own = element.getBoundingClientRect();
  const around = box.getBoundingClientRect();
  if (own.left < around.left) box.scrollLeft += own.left - around.left;
  else if (own.right > around.right) box.scrollLeft += own.right - around.right;
}

/** Scroll the window, just so far that it shows an element; `scrollIntoView` would scroll a page around it as well. */
export function revealInWindow(element: Element): void {
  const { top, bottom } = element.getBoundingClientRect();
  if (top < 0) scrollBy(0, top);
  else if (bottom > innerHeight) scrollBy(0, bottom - innerHeight);
}
