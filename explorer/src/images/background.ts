/** What is behind the object: a frame to cut off, then a surface that most of the border agrees with. */
import { boundingBox, mapped, mean, median, type Sides } from "./masks.ts";
import { cut, far, type Image, type Pixel, pixel } from "./shades.ts";

/** Shades of 0…1 that differ less than this belong together. */
const CLOSE = 0.05;
const RING = 24;
const PAGE = 0.75;
const UNIFORM = 0.95;
const BETTER = 0.2;
const DEGREES = [1, 3, 6];

export interface Background {
  surface: Image;
  /** What the border hardly ever differs from it by. */
  noise: number;
  /** The share of the border that is close to it. */
  agreeing: number;
}

/** The part of an image that is inside of its frames, window borders and black bars. */
export function withoutFrame(image: Image): Sides {
  let inside: Sides = [[0, image.height], [0, image.width]];
  for (;;) {
    const part = cut(image, inside);
    if (Math.min(part.height, part.width) < 16) return inside;
    const shade = middle(ring(part, 1));
    if (!outermost(part).every((line) => share(line, shade) >= UNIFORM)) return inside;
    const box = boundingBox(mapped({ ...part, data: new Uint8Array(part.width * part.height) }, (_, i) => far(part.data.subarray(i * part.channels, (i + 1) * part.channels), shade) > CLOSE));
    if (!box || box.some(([start, stop], axis) => stop - start < PAGE * [part.height, part.width][axis])) return inside;
    if (!outermost(cut(part, box)).every((line) => belongsToAPage(line, shade))) return inside;
    // Two pixels less: a line may be half frame and half what is in it.
    inside = inside.map(([first], axis) => [first + box[axis][0] + 2, first + box[axis][1] - 2]) as Sides;
  }
}

/** The simplest surface (a constant, a plane, a quadratic one) that most of the border is close to. */
export function backgroundOf(image: Image): Background {
  const { width: W, height: H, channels: C } = image;
  const border = ring(image, Math.max(1, Math.floor(Math.min(H, W) / RING)));
  const all = terms(H, W);
  const at = ring(all, Math.max(1, Math.floor(Math.min(H, W) / RING)));
  let best: number[][] = [new Array(C).fill(0)];
  let agreeing = -1;
  for (const degree of DEGREES) {
    const starts = degree === 1 ? constants(image) : [leastAbsolute(at, border, degree)];
    for (const start of starts) {
      const coefficients = refined(at, border, start);
      const near = mean(border.map((one, i) => Number(far(surfaceAt(at[i], coefficients), one) < CLOSE)));
      if (near > agreeing + (degree === 1 ? 0 : BETTER)) [best, agreeing] = [coefficients, near];
    }
  }
  const away = border.map((one, i) => far(surfaceAt(at[i], best), one)).filter((one) => one < 2 * CLOSE);
  const noise = away.length ? 4 * median(Float64Array.from(away)) + 0.005 : CLOSE;
  const data = new Float64Array(image.data.length);
  for (let i = 0; i < H * W; i++) data.set(surfaceAt(all.data.subarray(6 * i, 6 * i + 6), best), i * C);
  return { surface: { ...image, data }, noise, agreeing };
}

/** 1, x, y, x², yx, y² of each pixel, from −1 to 1. */
function terms(height: number, width: number): Image {
  const line = (length: number) => Array.from({ length }, (_, i) => (i && i === length - 1 ? 1 : -1 + i * (2 / (length - 1 || 1))));
  const [ys, xs] = [line(height), line(width)];
  const data = new Float64Array(6 * height * width);
  ys.forEach((y, row) => xs.forEach((x, column) => data.set([1, x, y, x * x, y * x, y ** 2], 6 * (row * width + column))));
  return { data, width, height, channels: 6 };
}

function surfaceAt(terms: Pixel, coefficients: number[][]): number[] {
  const found = new Array<number>(coefficients[0].length).fill(0);
  for (let t = 0; t < coefficients.length; t++) for (let c = 0; c < found.length; c++) found[c] += terms[t] * coefficients[t][c];
  return found;
}

/** The pixels within `width` of the border. */
function ring(image: Image, width: number): Float64Array[] {
  const { height: H, width: W } = image;
  const found: Float64Array[] = [];
  const take = (top: number, bottom: number, left: number, right: number) => {
    for (let y = Math.max(top, 0); y < Math.min(bottom, H); y++) for (let x = Math.max(left, 0); x < Math.min(right, W); x++) found.push(pixel(image, y, x));
  };
  take(0, width, 0, W);
  take(H - width, H, 0, W);
  take(width, H - width, 0, width);
  take(width, H - width, W - width, W);
  return found;
}

function outermost(image: Image): Float64Array[][] {
  const { height: H, width: W } = image;
  const row = (y: number) => Array.from({ length: W }, (_, x) => pixel(image, y, x));
  const column = (x: number) => Array.from({ length: H }, (_, y) => pixel(image, y, x));
  return [row(0), row(H - 1), column(0), column(W - 1)];
}

/** The share of a line that is of one shade. */
function share(line: Pixel[], shade: Pixel): number {
  return mean(line.map((one) => Number(far(one, shade) < CLOSE)));
}

/** Whether a line just inside of a shade is mostly of another: at the edge of an object it would not be. */
function belongsToAPage(line: Pixel[], shade: Pixel): boolean {
  return share(line, middle(line)) > 0.75 && share(line, shade) < 0.1;
}

/** The median, channel by channel. */
function middle(pixels: Pixel[]): number[] {
  return Array.from({ length: pixels[0].length }, (_, c) => median(Float64Array.from(pixels, (one) => one[c])));
}

/** The shades to try: the medians of the four corners and of the border. */
function constants(image: Image): number[][][] {
  const { height: H, width: W } = image;
  const [h, w] = [H, W].map((side) => Math.max(1, Math.floor(side / RING)));
  const corner = (top: number, left: number) => {
    const part = cut(image, [[top, top + h], [left, left + w]]);
    return middle(Array.from({ length: h * w }, (_, i) => pixel(part, Math.floor(i / w), i % w)));
  };
  const corners = [corner(0, 0), corner(0, W - w), corner(H - h, 0), corner(H - h, W - w)];
  return [...corners, middle(ring(image, Math.max(1, Math.min(h, w))))].map((one) => [one]);
}

/** A surface so that the sum of the absolute differences is small: what is far off counts little. */
function leastAbsolute(at: Pixel[], border: Pixel[], degree: number): number[][] {
  let weight = border.map(() => 1);
  let coefficients: number[][] = [];
  for (let turn = 0; turn < 15; turn++) {
    coefficients = leastSquares(at, border, weight, degree);
    weight = border.map((one, i) => 1 / Math.max(far(surfaceAt(at[i], coefficients), one), 0.005));
  }
  return coefficients;
}

/** A surface fitted again to what is close to it. */
function refined(at: Pixel[], border: Pixel[], start: number[][]): number[][] {
  let coefficients = start;
  for (let turn = 0; turn < 3; turn++) {
    const close = border.map((one, i) => Number(far(surfaceAt(at[i], coefficients), one) < CLOSE));
    if (close.reduce((sum, one) => sum + one, 0) < 2 * start.length) break;
    coefficients = leastSquares(at, border, close, start.length);
  }
  return coefficients;
}

/** The coefficients (T, C) of the surface that is nearest to the border, by the normal equations. */
function leastSquares(at: Pixel[], border: Pixel[], weight: number[], T: number): number[][] {
  const C = border[0].length;
  const rows = Array.from({ length: T }, () => new Array<number>(T + C).fill(0));
  border.forEach((one, i) => {
    if (!weight[i]) return;
    for (let t = 0; t < T; t++) {
      const [row, weighted] = [rows[t], at[i][t] * weight[i]];
      for (let k = 0; k < T; k++) row[k] += weighted * at[i][k];
      for (let c = 0; c < C; c++) row[T + c] += weighted * one[c];
    }
  });
  rows.forEach((row, t) => (row[t] += 1e-9));
  return solved(rows, T);
}

/** Gauss's elimination with pivots, of the matrix with its right sides beside it. */
function solved(rows: number[][], T: number): number[][] {
  for (let t = 0; t < T; t++) {
    const pivot = rows.reduce((best, row, r) => (r >= t && Math.abs(row[t]) > Math.abs(rows[best][t]) ? r : best), t);
    [rows[t], rows[pivot]] = [rows[pivot], rows[t]];
    for (let r = t + 1; r < T; r++) {
      const factor = rows[r][t] / rows[t][t];
      rows[r] = rows[r].map((value, k) => (k < t ? value : value - factor * rows[t][k]));
    }
  }
  const found: number[][] = [];
  for (let t = T - 1; t >= 0; t--)
    found[t] = rows[t].slice(T).map((value, c) => {
      let rest = value;
      for (let k = t + 1; k < T; k++) rest -= rows[t][k] * found[k][c];
      return rest / rows[t][t];
    });
  return found;
}
