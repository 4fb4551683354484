/** Images of whole numbers made smaller or larger as Pillow does it: in its fixed-point arithmetic, to the last bit. */

/** (H, W, C) of 0 to 255, row by row. */
export interface Picture {
  pixels: Uint8Array | Uint8ClampedArray;
  width: number;
  height: number;
  channels: number;
}

/** Left, top, right, bottom. */
export type Box = [number, number, number, number];

interface Filter {
  weight(x: number): number;
  reach: number;
}

/** The mean of what a new pixel covers. */
export const BOX: Filter = { weight: (x) => (x > -0.5 && x <= 0.5 ? 1 : 0), reach: 0.5 };

export const LANCZOS: Filter = { weight: (x) => (x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0), reach: 3 };

const ONE = 2 ** 22;

function sinc(x: number): number {
  if (x === 0) return 1;
  const t = x * Math.PI;
  return Math.sin(t) / t;
}

interface Weights {
  first: number;
  parts: number[];
}

/** Which pixels of a line go into each new one, and how much of each, in parts of 2^22. */
function weights(length: number, start: number, end: number, size: number, filter: Filter): Weights[] {
  const scale = Math.fround(end - start) / size;
  const stretch = Math.max(scale, 1);
  const reach = filter.reach * stretch;
  return Array.from({ length: size }, (_, i) => {
    const centre = start + (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(centre - reach + 0.5));
    const last = Math.min(length, Math.trunc(centre + reach + 0.5));
    const parts = Array.from({ length: last - first }, (_, k) => filter.weight((k + first - centre + 0.5) * (1 / stretch)));
    const total = parts.reduce((sum, part) => sum + part, 0);
    const one = total === 0 ? 1 : 1 / total;
    return { first, parts: parts.map((part) => Math.trunc(part * one * ONE + (part < 0 ? -0.5 : 0.5))) };
  });
}

const clipped = (sum: number) => Math.max(0, Math.min(255, Math.floor((sum + ONE / 2) / ONE)));

/** A part of a picture in another size: along the rows, then along the columns, rounded after each. */
export function resized(picture: Picture, width: number, height: number, filter: Filter, part?: Box): Picture {
  const [left, top, right, bottom] = (part ?? [0, 0, picture.width, picture.height]).map(Math.fround);
  const across = along(picture, weights(picture.width, left, right, width, filter), true);
  return along(across, weights(picture.height, top, bottom, height, filter), false);
}

function along(picture: Picture, places: Weights[], rows: boolean): Picture {
  const { pixels, width, height, channels } = picture;
  const [W, H] = rows ? [places.length, height] : [width, places.length];
  const [step, next] = rows ? [channels, width * channels] : [width * channels, channels];
  const found = new Uint8Array(W * H * channels);
  places.forEach(({ first, parts }, i) => {
    for (let line = 0; line < (rows ? H : W); line++)
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (let k = 0; k < parts.length; k++) sum += parts[k] * pixels[(first + k) * step + line * next + c];
        found[(rows ? (line * W + i) * channels : (i * W + line) * channels) + c] = clipped(sum);
      }
  });
  return { pixels: found, width: W, height: H, channels };
}

/** Each new pixel the mean of factor × factor, at the edges of those that are left; as Pillow's `reduce`. */
export function reduced(picture: Picture, factor: number): Picture {
  const { pixels, width, height, channels } = picture;
  const [W, H] = [width, height].map((side) => Math.ceil(side / factor));
  const found = new Uint8Array(W * H * channels);
  for (let y = 0; y < H; y++)
    for (let x = 0; x < W; x++) {
      const [bottom, right] = [Math.min((y + 1) * factor, height), Math.min((x + 1) * factor, width)];
      const count = (bottom - y * factor) * (right - x * factor);
      const share = Math.floor(2 ** 32 / (256 * count));
      for (let c = 0; c < channels; c++) {
        let sum = Math.floor(count / 2);
        for (let row = y * factor; row < bottom; row++)
          for (let column = x * factor; column < right; column++) sum += pixels[(row * width + column) * channels + c];
        found[(y * W + x) * channels + c] = Math.floor((sum * share) / 2 ** 24);
      }
    }
  return { pixels: found, width: W, height: H, channels };
}
