/** An image file as Fashion-MNIST has them, by the steps of scratchnet/cli/images.py: inverted, trimmed, scaled. */

const FUZZ = 13;
const LIGHT = 127;

export interface Prepared {
  pixels: Uint8Array;
  /** What was done, in words. */
  done: string;
}

/** Whether next to nothing is bright. */
export function tooFew(pixels: Uint8Array): boolean {
  return pixels.reduce((most, pixel) => Math.max(most, pixel), 0) <= FUZZ;
}

/** From the pixels of a canvas, RGBA. */
export function prepared(rgba: Uint8ClampedArray, width: number, height: number, side: number): Prepared {
  const grey = new Uint8Array(width * height);
  // Pillow's weights for "L", in its sixteen bits.
  for (let i = 0; i < grey.length; i++)
    grey[i] = (rgba[4 * i] * 19595 + rgba[4 * i + 1] * 38470 + rgba[4 * i + 2] * 7471 + 0x8000) >> 16;
  return fitted({ pixels: grey, width, height }, side);
}

interface Grey {
  pixels: Uint8Array;
  width: number;
  height: number;
}

/** Bring a grey image into the frame, bright on black. */
export function fitted(image: Grey, side: number): Prepared {
  const steps = [`${image.width}×${image.height}`];
  let background = corners(image, side);
  let { pixels } = image;
  if (background > LIGHT) {
    pixels = pixels.map((pixel) => 255 - pixel);
    background = 255 - background;
    steps.push("inverted, because its background is light");
  }
  if (image.width === side && image.height === side) return { pixels, done: steps.join(", ") };
  const above = 255 - background || 1;
  pixels = pixels.map((pixel) => roundToEven((Math.max(pixel - background, 0) * 255) / above));
  const whole = { ...image, pixels };
  const trimmed = trim(whole);
  if (trimmed.width !== whole.width || trimmed.height !== whole.height) steps.push(`trimmed to ${trimmed.width}×${trimmed.height}`);
  steps.push(`scaled to ${side}×${side}`);
  return { pixels: framed(trimmed, side), done: steps.join(", ") };
}

/** As NumPy rounds: a half to the even neighbour. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** How light the background is: the median of the four corners, each a 28th of the sides. */
function corners({ pixels, width, height }: Grey, side: number): number {
  const [h, w] = [height, width].map((length) => Math.max(1, Math.floor(length / side)));
  const found: number[] = [];
  for (const top of [0, height - h])
    for (const left of [0, width - w])
      for (let y = top; y < top + h; y++) for (let x = left; x < left + w; x++) found.push(pixels[y * width + x]);
  found.sort((a, b) => a - b);
  const middle = found.length / 2;
  return found.length % 2 ? found[Math.floor(middle)] : Math.floor((found[middle - 1] + found[middle]) / 2);
}

function trim({ pixels, width, height }: Grey): Grey {
  let [top, bottom, left, right] = [height, -1, width, -1];
  pixels.forEach((pixel, i) => {
    if (pixel <= FUZZ) return;
    const [y, x] = [Math.floor(i / width), i % width];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
  });
  if (bottom < 0) return { pixels, width, height };
  const [w, h] = [right - left + 1, bottom - top + 1];
  const cut = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) cut[y * w + x] = pixels[(y + top) * width + x + left];
  return { pixels: cut, width: w, height: h };
}

/** The longer side scaled to the frame's, the image in its middle. */
function framed(image: Grey, side: number): Uint8Array {
  const longer = Math.max(image.width, image.height);
  const [h, w] = [image.height, image.width].map((length) => Math.max(1, roundToEven((length * side) / longer)));
  const small = resized(image, w, h);
  const frame = new Uint8Array(side * side);
  const [top, left] = [Math.floor((side - h) / 2), Math.floor((side - w) / 2)];
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) frame[(y + top) * side + x + left] = small[y * w + x];
  return frame;
}

function lanczos(x: number): number {
  if (x === 0) return 1;
  if (Math.abs(x) >= 3) return 0;
  const t = Math.PI * x;
  return (Math.sin(t) / t) * (Math.sin(t / 3) / (t / 3));
}

/** Which pixels go into one of the new ones, and how much of each; as Pillow's Resampling.LANCZOS. */
function weights(from: number, to: number): { first: number; parts: number[] }[] {
  const scale = from / to;
  const stretch = Math.max(scale, 1);
  const reach = 3 * stretch;
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const last = Math.min(from, Math.floor(centre + reach + 0.5));
    const parts = Array.from({ length: last - first }, (_, k) => lanczos((k + first - centre + 0.5) / stretch));
    const total = parts.reduce((sum, part) => sum + part, 0);
    return { first, parts: parts.map((part) => part / total) };
  });
}

const clip = (value: number) => Math.max(0, Math.min(255, Math.floor(value + 0.5)));

/** Lanczos along the rows, then along the columns, rounded after each as Pillow does. */
function resized({ pixels, width, height }: Grey, w: number, h: number): Uint8Array {
  const across = new Uint8Array(w * height);
  weights(width, w).forEach(({ first, parts }, x) => {
    for (let y = 0; y < height; y++) across[y * w + x] = clip(parts.reduce((sum, part, k) => sum + part * pixels[y * width + first + k], 0));
  });
  const small = new Uint8Array(w * h);
  weights(height, h).forEach(({ first, parts }, y) => {
    for (let x = 0; x < w; x++) small[y * w + x] = clip(parts.reduce((sum, part, k) => sum + part * across[(first + k) * w + x], 0));
  });
  return small;
}
