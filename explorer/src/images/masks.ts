/** What SciPy's ndimage does with masks, over the four neighbours, and with smoothing; outside of the picture is nothing. */

/** (H, W), row by row: of a mask 0 or 1. */
export interface Plane<T extends Float64Array | Uint8Array | Int32Array> {
  data: T;
  width: number;
  height: number;
}

export type Mask = Plane<Uint8Array>;
export type Shades = Plane<Float64Array>;

export function mapped(plane: Plane<Float64Array | Uint8Array | Int32Array>, test: (value: number, i: number) => boolean): Mask {
  return { ...plane, data: Uint8Array.from({ length: plane.data.length }, (_, i) => Number(test(plane.data[i], i))) };
}

/** Visit the neighbours of a pixel that are in the picture. */
function neighbours(i: number, width: number, height: number, visit: (j: number) => void): void {
  const x = i % width;
  if (i >= width) visit(i - width);
  if (x > 0) visit(i - 1);
  if (x < width - 1) visit(i + 1);
  if (i < width * (height - 1)) visit(i + width);
}

export function dilated(mask: Mask, times: number): Mask {
  let data = mask.data;
  for (let turn = 0; turn < times; turn++) {
    const next = data.slice();
    data.forEach((marked, i) => {
      if (marked) neighbours(i, mask.width, mask.height, (j) => (next[j] = 1));
    });
    data = next;
  }
  return { ...mask, data };
}

export function eroded({ data: before, width, height }: Mask, times: number): Mask {
  let data = before;
  for (let turn = 0; turn < times; turn++)
    data = data.map((marked, i) => {
      let around = 0;
      neighbours(i, width, height, (j) => (around += data[j]));
      return marked && around === 4 ? 1 : 0;
    });
  return { data, width, height };
}

export function opened(mask: Mask, times: number): Mask {
  return dilated(eroded(mask, times), times);
}

/** What can be reached from `from`, step by step, within `within`. */
export function spread(from: Mask, within: Mask): Mask {
  const data = from.data.slice();
  const open = Array.from(data.keys()).filter((i) => data[i]);
  for (let i = open.pop(); i !== undefined; i = open.pop())
    neighbours(i, from.width, from.height, (j) => {
      if (data[j] || !within.data[j]) return;
      data[j] = 1;
      open.push(j);
    });
  return { ...from, data };
}

/** A mask, and what is shut in by it. */
export function filled(mask: Mask): Mask {
  const { width, height } = mask;
  const outside = mapped(mask, (marked) => !marked);
  const edge = mapped(outside, (free, i) => free === 1 && (i < width || i >= width * (height - 1) || i % width === 0 || i % width === width - 1));
  return mapped(spread(edge, outside), (reached) => !reached);
}

/** The connected parts, numbered from 1 in the order of their first pixels; 0 elsewhere. */
export function parts(mask: Mask): Plane<Int32Array> & { count: number } {
  const data = new Int32Array(mask.data.length);
  let count = 0;
  mask.data.forEach((marked, start) => {
    if (!marked || data[start]) return;
    data[start] = ++count;
    const open = [start];
    for (let i = open.pop(); i !== undefined; i = open.pop())
      neighbours(i, mask.width, mask.height, (j) => {
        if (!mask.data[j] || data[j]) return;
        data[j] = count;
        open.push(j);
      });
  });
  return { ...mask, data, count };
}

/** First and last + 1 of the rows and of the columns that a mask has anything in; null if it has nothing. */
export type Sides = [[number, number], [number, number]];

export function boundingBox({ data, width, height }: Mask): Sides | null {
  let [top, bottom, left, right] = [height, 0, width, 0];
  data.forEach((marked, i) => {
    if (!marked) return;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, bottom, left, right] = [Math.min(top, y), Math.max(bottom, y + 1), Math.min(left, x), Math.max(right, x + 1)];
  });
  return bottom ? [[top, bottom], [left, right]] : null;
}

/** The value below which a share of the numbers lies, between two of them in proportion, as NumPy's `quantile`. */
export function quantile(values: Float64Array, share: number): number {
  const sorted = values.slice().sort();
  const place = (sorted.length - 1) * share;
  const below = Math.floor(place);
  const [a, b, t] = [sorted[below], sorted[Math.min(below + 1, sorted.length - 1)], place - below];
  return t >= 0.5 ? b - (b - a) * (1 - t) : a + (b - a) * t;
}

export const median = (values: Float64Array): number => quantile(values, 0.5);

export function mean(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i];
  return total / values.length;
}
