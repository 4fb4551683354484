/** Images of numbers from 0 to 1, with a channel for each colour. */
import type { Sides } from "./masks.ts";

/** (H, W, C), row by row. */
export interface Image {
  data: Float64Array;
  width: number;
  height: number;
  channels: number;
}

/** A pixel's channels. */
export type Pixel = ArrayLike<number>;

/** How far apart two colours are: the largest difference of a channel. */
export function far(a: Pixel, b: Pixel): number {
  let most = 0;
  for (let c = 0; c < a.length; c++) most = Math.max(most, Math.abs(a[c] - b[c]));
  return most;
}

export function pixel(image: Image, y: number, x: number): Float64Array {
  const at = (y * image.width + x) * image.channels;
  return image.data.subarray(at, at + image.channels);
}

export function cut(image: Image, [[top, bottom], [left, right]]: Sides): Image {
  const { channels } = image;
  const [width, height] = [right - left, bottom - top];
  const data = new Float64Array(width * height * channels);
  for (let y = 0; y < height; y++) {
    const start = ((y + top) * image.width + left) * channels;
    data.set(image.data.subarray(start, start + width * channels), y * width * channels);
  }
  return { data, width, height, channels };
}

/** Smoothed by a Gaussian of one pixel, as far as four; at the edges mirrored. */
export function smoothed(image: Image): Image {
  const raw = Array.from({ length: 9 }, (_, k) => Math.exp(-0.5 * (k - 4) ** 2));
  const total = raw.reduce((sum, one) => sum + one, 0);
  const weights = raw.map((one) => one / total);
  return convolved(convolved(image, weights, false), weights, true);
}

function convolved(image: Image, weights: number[], rows: boolean): Image {
  const { width, height, channels } = image;
  const [length, step] = rows ? [width, channels] : [height, width * channels];
  const data = new Float64Array(image.data.length);
  const places = Array.from({ length: length + 8 }, (_, k) => mirrored(k - 4, length) * step);
  for (let i = 0; i < data.length; i++) {
    const at = Math.floor(i / step) % length;
    const start = i - at * step;
    let sum = image.data[i] * weights[4];
    for (let k = 4; k > 0; k--) sum += (image.data[start + places[at + 4 - k]] + image.data[start + places[at + 4 + k]]) * weights[4 - k];
    data[i] = sum;
  }
  return { ...image, data };
}

/** Where a place beyond the edge is mirrored to: (b a | a b c | c b). */
function mirrored(place: number, length: number): number {
  const round = ((place % (2 * length)) + 2 * length) % (2 * length);
  return round < length ? round : 2 * length - 1 - round;
}
