/** A card on the page: what the number is, why, and the arithmetic, every factor a link to where it comes from. */
import { type Block, type Card, type Factor, type Line, type LinesBlock, shortened, type SumBlock, type TableBlock, type WindowBlock } from "../card.ts";
import { colour, css, inkOn } from "./colours.ts";
import { h } from "./dom.ts";
import { count, full, signed } from "./format.ts";

export interface CardContext {
  /** The address of a number. */
  href(tensor: string, index: number): string;
  /** What it is called: "Conv_1 y[0, 3, 4, 7]". */
  called(tensor: string, index: number): string;
  /** What its tensor is called: "Conv_1 y". */
  tensor(tensor: string): string;
}

export function cardView(card: Card, context: CardContext): HTMLElement[] {
  return [
    ...card.why.map((why) => h("p", { class: "why" }, why)),
    ...(card.formula ? [h("p", { class: "formula" }, card.formula)] : []),
    ...card.blocks.map((block) => blockView(block, context)),
  ];
}

function blockView(block: Block, context: CardContext): HTMLElement {
  const body =
    block.kind === "sum" ? sumView(block, context) : block.kind === "lines" ? linesView(block, context) : block.kind === "window" ? windowView(block, context) : tableView(block, context);
  const of = block.kind === "sum" ? tensorsOf(block, context) : "";
  return h("section", { class: "block" }, h("h3", {}, block.title, of ? h("small", {}, ` ${of}`) : null), body);
}

function factorView(factor: Factor, context: CardContext): HTMLElement {
  const text = signed(factor.value);
  if (!factor.ref) return h("span", { class: "given", title: full(factor.value) }, factor.text && factor.text !== "pixel" ? h("small", {}, `${factor.text} `) : null, text);
  const { tensor, index } = factor.ref;
  const name = context.called(tensor, index);
  return h("a", { href: context.href(tensor, index), title: `${name} = ${full(factor.value)}`, "aria-label": `${text}, ${name}` }, text);
}

/** A bar as long as its share of the largest term, to the left or right of zero. */
function bar(value: number, most: number): HTMLElement {
  const element = h("span", { class: value < 0 ? "bar below" : "bar above", "aria-hidden": "true" });
  element.style.setProperty("--share", String(most ? Math.abs(value) / most : 0));
  return element;
}

/** What all products of a sum are of: "Conv_2 dz × Conv_2 kernel". */
function tensorsOf(block: SumBlock, context: CardContext): string {
  const refs = block.terms[0]?.factors.flatMap((factor) => (factor.ref ? [context.tensor(factor.ref.tensor)] : [])) ?? [];
  return refs.length > 1 ? refs.join(" × ") : "";
}

function sumView(block: SumBlock, context: CardContext): HTMLElement {
  const { shown, rest, count: left } = shortened(block.terms);
  const most = Math.max(...shown.map((one) => Math.abs(one.value)), Math.abs(rest));
  const rows = shown.map((one) => {
    const factors = one.factors.flatMap((factor, k) => [k ? " × " : "", factorView(factor, context)]);
    const where = one.factors.flatMap((factor) => (factor.ref ? [context.called(factor.ref.tensor, factor.ref.index).replace(/^.*\[/, "[")] : []));
    return h(
      "tr",
      {},
      h("th", { scope: "row" }, ...factors, one.note ? h("small", {}, ` ${one.note}`) : null),
      h("td", { class: "value" }, signed(one.value)),
      h("td", { class: "share" }, bar(one.value, most)),
      h("td", { class: "from" }, where.join(" × ")),
    );
  });
  const line = (name: string, value: number, kind: string) =>
    h("tr", { class: kind }, h("th", { scope: "row" }, name), h("td", { class: "value", title: full(value) }, signed(value)), h("td", { class: "share" }, kind === "rest" ? bar(value, most) : null), h("td", { class: "from" }));
  if (left) rows.push(line(`and ${count(left)} more, together`, rest, "rest"));
  rows.push(line(block.terms.length === 1 ? "one term" : `sum of ${count(block.terms.length)} terms`, block.total, "total"));
  return h("div", { class: "scroll" }, h("table", { class: "sum" }, h("tbody", {}, ...rows)));
}

function linesView(block: LinesBlock, context: CardContext): HTMLElement {
  return h("dl", { class: "lines" }, ...block.lines.flatMap((one) => lineView(one, context)));
}

function lineView(one: Line, context: CardContext): HTMLElement[] {
  const parts = one.parts.map((part) => (typeof part === "string" ? part : factorView(part, context)));
  const step = one.step ? h("small", { class: "step" }, `(${one.step})`) : null;
  const value = one.ref ? h("a", { href: context.href(one.ref.tensor, one.ref.index) }, signed(one.value)) : h("b", {}, signed(one.value));
  return [h("dt", {}, one.name, step), h("dd", {}, h("span", {}, ...parts), " = ", value)];
}

function windowView(block: WindowBlock, context: CardContext): HTMLElement {
  const most = Math.max(...block.cells.map((cell) => Math.abs(cell.value ?? 0)));
  const cells = block.cells.map((cell) => {
    const link = h(
      "a",
      { href: context.href(cell.ref!.tensor, cell.ref!.index), class: cell.winner ? "winner" : "", title: context.called(cell.ref!.tensor, cell.ref!.index) },
      signed(cell.value!, 3),
      cell.note ? h("small", {}, cell.note) : null,
    );
    const shade = colour(cell.value!, most);
    link.style.background = css(shade);
    link.style.color = inkOn(shade);
    return link;
  });
  const element = h("div", { class: "pool" }, ...cells);
  element.style.setProperty("--columns", String(block.columns));
  return element;
}

function tableView(block: TableBlock, context: CardContext): HTMLElement {
  const head = h("tr", {}, ...block.head.map((name) => h("th", { scope: "col" }, name)));
  const rows = block.rows.map((row) =>
    h(
      "tr",
      { class: row.marked ? "marked" : "" },
      h("th", { scope: "row" }, row.name),
      ...row.cells.map((cell) => h("td", {}, typeof cell === "string" ? cell : factorView({ ...cell, text: undefined }, context))),
    ),
  );
  return h("div", { class: "scroll" }, h("table", { class: "table" }, h("thead", {}, head), h("tbody", {}, ...rows)));
}
