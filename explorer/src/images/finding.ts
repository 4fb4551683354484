/** The object: what differs from the background by more than an adaptive threshold, as one connected whole. */
import { dilated, mapped, type Mask, opened, parts, type Plane, quantile, type Shades, spread } from "./masks.ts";

/** What differs from the background by less than this, of 1, is never an object. */
const LEAST = 0.03;
const GAP = 2;
const SOFT = 0.25;
const CORE = 0.1;
const BAR = 0.95;

export interface Found {
  /** Where it is, with its shadow. */
  mask: Mask;
  /** Without it. */
  core: Mask;
  /** How many more are half as large. */
  others: number;
}

/** The threshold between two groups of numbers in 0…1 that makes the variance between them largest (N. Otsu, 1979). */
export function otsu(values: Float64Array): number {
  const counts = new Array<number>(256).fill(0);
  for (const value of values) if (value >= 0 && value <= 1) counts[Math.min(Math.floor(value * 256), 255)]++;
  const total = counts.reduce((sum, one) => sum + one, 0);
  const whole = counts.reduce((sum, one, k) => sum + one * ((k + 0.5) / 256), 0);
  let [below, sum, most, threshold] = [0, 0, -1, 0];
  counts.forEach((count, k) => {
    below += count;
    sum += count * ((k + 0.5) / 256);
    const above = total - below;
    const between = below * above * (sum / below - (whole - sum) / above) ** 2;
    if (between > most) [most, threshold] = [between, (k + 1) / 256];
  });
  return threshold;
}

/** The largest connected whole that differs from the background, which differs from itself by the noise; or null. */
export function findObject(difference: Shades, noise: number): Found | null {
  const high = Math.max(otsu(difference.data), 2 * noise, LEAST);
  const low = Math.max(high / 6, 1.5 * noise, LEAST / 2);
  const marked = mapped(difference, (value) => value > low);
  const near = parts(dilated(marked, GAP));
  const labels = { ...near, data: near.data.map((label, i) => (marked.data[i] ? label : 0)) };
  const areas = counted(labels.data, near.count);
  const strong = counted(labels.data.filter((_, i) => difference.data[i] > high), near.count);
  areas.forEach((_, k) => (areas[k] *= k && strong[k] ? 1 : 0));
  if (!areas.some(Boolean)) return null;
  const bars = barsOf(labels);
  if (areas.some((area, k) => area && !bars.has(k))) bars.forEach((k) => (areas[k] = 0));
  const chosen = areas.indexOf(Math.max(...areas));
  const mask = mapped(labels, (label) => label === chosen);
  return { mask, core: withoutShadow(mask, difference), others: areas.filter((area) => area > areas[chosen] / 2).length - 1 };
}

function counted(labels: Int32Array, count: number): number[] {
  const found = new Array<number>(count + 1).fill(0);
  for (const label of labels) found[label]++;
  return found;
}

/** What is left of an object when the background goes on as far as the picture is smooth: a shadow has no edge. */
function withoutShadow(mask: Mask, difference: Shades): Mask {
  const slope = slopes(difference);
  const limit = SOFT * quantile(slope.filter((_, i) => mask.data[i] === 1), 0.95);
  const smooth = opened(mapped(mask, (marked, i) => slope[i] < limit || !marked), GAP); // not through a gap in an outline
  const outside = mapped(mask, (marked) => !marked);
  const shadow = spread(outside, mapped(smooth, (one, i) => one === 1 || !mask.data[i]));
  const core = opened(mapped(mask, (marked, i) => marked === 1 && !shadow.data[i]), 1);
  const [left, all] = [core, mask].map(({ data }) => data.reduce((sum, one) => sum + one, 0));
  return left > CORE * all ? core : mask;
}

function slopes({ data, width, height }: Shades): Float64Array {
  const at = (y: number, x: number) => data[Math.max(0, Math.min(y, height - 1)) * width + Math.max(0, Math.min(x, width - 1))];
  return data.map((_, i) => {
    const [y, x] = [Math.floor(i / width), i % width];
    return Math.hypot((at(y + 1, x) - at(y - 1, x)) / 2, (at(y, x + 1) - at(y, x - 1)) / 2);
  });
}

/** The parts that take nearly all of a side of the picture. */
function barsOf({ data, width, height }: Plane<Int32Array>): Set<number> {
  const row = (y: number) => data.subarray(y * width, (y + 1) * width);
  const column = (x: number) => Int32Array.from({ length: height }, (_, y) => data[y * width + x]);
  const found = new Set<number>();
  for (const side of [row(0), row(height - 1), column(0), column(width - 1)]) {
    const counts = new Map<number, number>();
    for (const label of side) counts.set(label, (counts.get(label) ?? 0) + 1);
    for (const [label, count] of counts) if (label && count / side.length >= BAR) found.add(label);
  }
  return found;
}
