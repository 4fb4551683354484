/** The numbers of one tensor in a grid: arrows move, Enter opens. Of a large matrix a part is seen at a time. */
import type { Place } from "../place.ts";
import { title } from "../parts.ts";
import { indices, largest, type Tensor } from "../tensor.ts";
import { colour, css, inkOn } from "./colours.ts";
import { h } from "./dom.ts";
import { full, inUnit, signed, unitName, unitOf } from "./format.ts";
import { type View, viewOf } from "./views.ts";

const MOST_ROWS = 28;
const MOST_COLUMNS = 32;
const ROOM_FOR_DIGITS = 43;

export interface NumbersOptions {
  place: Place;
  tensor: Tensor;
  batched: boolean;
  /** The place of the image in the batch. */
  image: number;
  /** What the numbers of a row are called, if they are classes. */
  classes: string[] | null;
  width: number;
  open(index: number, byKeyboard: boolean): void;
  choose(channel: number): void;
}

export class Numbers {
  readonly element = h("section", { class: "numbers", "aria-labelledby": "numbers-title" });
  private options!: NumbersOptions;
  private view!: View;
  private corner: [number, number] = [0, 0];
  private focused: [number, number] = [0, 0];
  private most = 0;
  private cells: HTMLButtonElement[][] = [];
  private readonly status = h("p", { class: "status", "aria-live": "off" });

  show(options: NumbersOptions): void {
    const same = this.options?.tensor.name === options.tensor.name;
    this.options = options;
    const { tensor, batched, image, place } = options;
    this.view = viewOf(tensor, batched, image, place.channel);
    this.most = largest(tensor.data);
    const found = place.index === null ? null : this.view.find(place.index);
    if (!same) [this.corner, this.focused] = [[0, 0], [0, 0]];
    if (found) this.focused = found;
    this.reveal(true);
    this.draw();
  }

  private get shown(): [number, number] {
    return [Math.min(this.view.rows, MOST_ROWS), Math.min(this.view.columns, MOST_COLUMNS)];
  }

  /** Move the part that is seen so that the focused number is in it: at the edge, or amid. */
  private reveal(amid = false): void {
    const size = this.shown;
    const all = [this.view.rows, this.view.columns];
    this.focused = this.focused.map((at, k) => Math.min(at, all[k] - 1)) as [number, number];
    this.corner = this.corner.map((from, k) => {
      const at = this.focused[k];
      const inside = at >= from && at < from + size[k];
      const edge = at < from ? at : at - size[k] + 1;
      const kept = inside ? from : amid ? at - Math.floor(size[k] / 2) : edge;
      return Math.max(0, Math.min(kept, all[k] - size[k]));
    }) as [number, number];
  }

  private draw(): void {
    const { tensor, batched } = this.options;
    const shape = batched ? ["N", ...tensor.shape.slice(1)] : tensor.shape;
    const heading = h("h2", { id: "numbers-title" }, title(tensor.name));
    const unit = this.size >= ROOM_FOR_DIGITS ? unitName(unitOf(this.most)).replace(" × ", " · numbers × ") : "";
    const facts = h("p", { class: "facts" }, `(${shape.join(", ")}) · ${this.view.axes} · largest ${signed(this.most, 3).replace("+", "±")}${unit}`);
    this.element.replaceChildren(heading, facts, ...this.sliders(), this.grid(), this.legend(), this.status);
    this.describe();
  }

  private sliders(): HTMLElement[] {
    const { place, choose } = this.options;
    const [rows, columns] = this.shown;
    const found: HTMLElement[] = [];
    if (this.view.channels > 1) found.push(slider("channel", place.channel, this.view.channels - 1, choose));
    const scroll = (axis: 0 | 1) => (value: number) => {
      this.corner[axis] = value;
      const size = this.shown[axis];
      this.focused[axis] = Math.max(value, Math.min(this.focused[axis], value + size - 1));
      this.fill();
    };
    if (this.view.rows > rows) found.push(slider("first row", this.corner[0], this.view.rows - rows, scroll(0)));
    if (this.view.columns > columns) found.push(slider("first column", this.corner[1], this.view.columns - columns, scroll(1)));
    return found;
  }

  /** The width of a cell in pixels. */
  private get size(): number {
    const [, columns] = this.shown;
    const room = Math.floor((this.options.width - 6) / columns);
    return Math.max(20, Math.min(72, room - 2 >= ROOM_FOR_DIGITS ? room - 2 : Math.min(room, ROOM_FOR_DIGITS - 1)));
  }

  private grid(): HTMLElement {
    const [rows, columns] = this.shown;
    const { size } = this;
    const grid = h("div", {
      role: "grid",
      class: size >= ROOM_FOR_DIGITS ? "grid digits" : "grid",
      "aria-label": `${title(this.options.tensor.name)}, ${this.view.rows} by ${this.view.columns}. Arrows move, Enter opens the sum.`,
      "aria-rowcount": this.view.rows,
      "aria-colcount": this.view.columns,
    });
    grid.style.setProperty("--size", `${size}px`);
    grid.style.setProperty("--columns", String(columns));
    this.cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => h("button", { type: "button", role: "gridcell" })));
    for (const row of this.cells) grid.append(h("div", { role: "row" }, ...row));
    grid.addEventListener("keydown", (event) => this.move(event));
    grid.addEventListener("click", (event) => this.opened(event));
    grid.addEventListener("mouseover", (event) => this.pointed(event.target as HTMLElement));
    grid.addEventListener("focusin", (event) => this.pointed(event.target as HTMLElement));
    grid.addEventListener("mouseleave", () => this.describe());
    this.fill();
    return h("div", { class: "scroll" }, grid);
  }

  /** Write the numbers into the cells. */
  private fill(): void {
    const { tensor, place } = this.options;
    const digits = this.size >= ROOM_FOR_DIGITS;
    const unit = unitOf(this.most);
    this.cells.forEach((row, r) =>
      row.forEach((cell, c) => {
        const at: [number, number] = [this.corner[0] + r, this.corner[1] + c];
        const index = this.view.at(...at);
        cell.tabIndex = at[0] === this.focused[0] && at[1] === this.focused[1] ? 0 : -1;
        cell.classList.toggle("open", index >= 0 && index === place.index);
        if (index < 0) {
          cell.replaceChildren();
          cell.setAttribute("aria-label", "nothing");
          cell.disabled = true;
          return;
        }
        const value = tensor.data[index];
        const shade = colour(value, this.most);
        cell.dataset.index = String(index);
        cell.style.background = css(shade);
        cell.style.color = inkOn(shade);
        cell.setAttribute("aria-colindex", String(at[1] + 1));
        cell.setAttribute("aria-selected", String(index === place.index));
        const sign = Math.abs(value) < this.most / 40 ? "" : value > 0 ? "+" : "−";
        cell.textContent = digits ? inUnit(value, unit) : sign;
        const said = digits ? `${inUnit(value, unit)}${unitName(unit)}` : signed(value);
        cell.setAttribute("aria-label", `${this.called(index)}: ${said}`); // has what is seen
      }),
    );
  }

  private called(index: number): string {
    const at = indices(this.options.tensor.shape, index);
    const name = this.options.classes?.[at[at.length - 1]];
    return `${at.join(", ")}${name ? ` ${name}` : ""}`;
  }

  private legend(): HTMLElement {
    const bar = h("span", { class: "ramp", "aria-hidden": "true" });
    const steps = Array.from({ length: 21 }, (_, i) => css(colour(i / 10 - 1, 1)));
    bar.style.background = `linear-gradient(to right, ${steps.join(", ")})`;
    return h("p", { class: "legend" }, "− below zero", bar, "above zero +");
  }

  private pointed(target: HTMLElement): void {
    const { index } = target.dataset;
    if (index !== undefined) this.describe(Number(index));
  }

  private describe(index = this.options.place.index ?? this.view.at(...this.focused)): void {
    const { tensor } = this.options;
    this.status.textContent = index >= 0 ? `${title(tensor.name)}[${this.called(index)}] = ${full(tensor.data[index])}` : "";
  }

  private opened(event: MouseEvent): void {
    const { index } = (event.target as HTMLElement).dataset;
    if (index === undefined) return;
    this.options.open(Number(index), event.detail === 0);
  }

  private move(event: KeyboardEvent): void {
    const [row, column] = this.focused;
    const [rows, columns] = this.shown;
    const moves: Record<string, [number, number]> = {
      ArrowUp: [row - 1, column],
      ArrowDown: [row + 1, column],
      ArrowLeft: [row, column - 1],
      ArrowRight: [row, column + 1],
      PageUp: [row - rows, column],
      PageDown: [row + rows, column],
      Home: [event.ctrlKey ? 0 : row, 0],
      End: [event.ctrlKey ? this.view.rows - 1 : row, this.view.columns - 1],
    };
    const wanted = moves[event.key];
    if (!wanted) return;
    event.preventDefault();
    const to: [number, number] = [clamp(wanted[0], this.view.rows), clamp(wanted[1], this.view.columns)];
    if (this.view.at(...to) < 0) return;
    this.focused = to;
    const before = this.corner.join();
    this.reveal();
    this.fill();
    if (before !== this.corner.join()) this.moveSliders(columns);
    this.cells[to[0] - this.corner[0]][to[1] - this.corner[1]].focus();
  }

  private moveSliders(columns: number): void {
    for (const one of this.element.querySelectorAll<HTMLInputElement>("input[type=range]")) {
      if (one.name === "first row") set(one, this.corner[0]);
      if (one.name === "first column" && this.view.columns > columns) set(one, this.corner[1]);
    }
  }
}

function set(input: HTMLInputElement, value: number): void {
  input.value = String(value);
  input.nextElementSibling!.textContent = String(value);
}

function clamp(value: number, length: number): number {
  return Math.max(0, Math.min(value, length - 1));
}

function slider(name: string, value: number, most: number, moved: (value: number) => void): HTMLElement {
  const output = h("output", {}, String(value));
  const input = h("input", {
    type: "range",
    name,
    min: 0,
    max: most,
    value,
    oninput: () => {
      output.textContent = input.value;
      moved(Number(input.value));
    },
  });
  return h("label", { class: "slider" }, h("span", {}, name), input, output, h("span", { class: "of" }, `of ${most}`));
}
