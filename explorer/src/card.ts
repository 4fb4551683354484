/** How one number came about, ready to be shown: what each step of the arithmetic was, and where its numbers are. */

export interface Ref {
  tensor: string;
  index: number;
}

/** One number of a product, or of a line of arithmetic; with a ref it is a link. */
export interface Factor {
  value: number;
  ref?: Ref;
  /** What it is called where it has no place of its own, such as "1/N". */
  text?: string;
}

export interface Term {
  factors: Factor[];
  value: number;
  note?: string;
}

export interface SumBlock {
  kind: "sum";
  title: string;
  terms: Term[];
  total: number;
}

export interface Line {
  name: string;
  ref?: Ref;
  parts: (string | Factor)[];
  value: number;
  step?: number;
}

export interface LinesBlock {
  kind: "lines";
  title: string;
  lines: Line[];
}

export interface Cell {
  value: number | null;
  ref?: Ref;
  note?: string;
  winner?: boolean;
}

/** A few numbers as they lie in the image: a window, with who won it. */
export interface WindowBlock {
  kind: "window";
  title: string;
  columns: number;
  cells: Cell[];
}

/** A table with one row for each class, window, …. */
export interface TableBlock {
  kind: "table";
  title: string;
  head: string[];
  rows: { name: string; cells: (Factor | string)[]; marked?: boolean }[];
}

export type Block = SumBlock | LinesBlock | WindowBlock | TableBlock;

export interface Source {
  /** The name of a source in the contents: a file, or a class. */
  name: string;
  steps: number[];
}

export interface Card {
  formula: string;
  why: string[];
  blocks: Block[];
  /** What the arithmetic shown comes to. */
  result: number;
  sources: Source[];
}

export function term(factors: Factor[], note?: string): Term {
  return { factors, value: factors.reduce((product, factor) => product * factor.value, 1), note };
}

/** A sum, added up in the order of the terms. */
export function sum(title: string, terms: Term[]): SumBlock {
  return { kind: "sum", title, terms, total: terms.reduce((total, one) => total + one.value, 0) };
}

export const SHOWN_TERMS = 12;

/** The largest terms, and what all others come to. */
export function shortened(terms: Term[]): { shown: Term[]; rest: number; count: number } {
  const order = [...terms].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const left = order.slice(SHOWN_TERMS);
  return {
    shown: order.slice(0, SHOWN_TERMS),
    rest: left.reduce((total, one) => total + one.value, 0),
    count: left.length,
  };
}
