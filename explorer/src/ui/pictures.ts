/** Tensors as small pictures on a canvas. */
import { largest, type Tensor } from "../tensor.ts";
import { colour } from "./colours.ts";
import { h } from "./dom.ts";

/** The picture of a tensor: channels side by side, weights as a matrix, a row folded. */
export function picture(tensor: Tensor, batched: boolean, image: number): HTMLCanvasElement {
  const { shape } = tensor;
  const most = largest(tensor.data);
  if (batched && shape.length >= 3) {
    const [, H, W] = shape;
    const C = shape[3] ?? 1;
    const across = Math.ceil(Math.sqrt(C));
    const down = Math.ceil(C / across);
    const gap = C > 1 ? 1 : 0;
    const width = across * (W + gap) - gap;
    const height = down * (H + gap) - gap;
    return painted(width, height, (x, y) => {
      const [tile, w] = [Math.floor(x / (W + gap)), x % (W + gap)];
      const [row, hh] = [Math.floor(y / (H + gap)), y % (H + gap)];
      const c = row * across + tile;
      if (w >= W || hh >= H || c >= C) return null;
      return tensor.data[((image * H + hh) * W + w) * C + c];
    }, most);
  }
  if (!batched && shape.length >= 2) {
    const columns = shape[shape.length - 1];
    const rows = tensor.data.length / columns;
    const step = Math.max(1, Math.ceil(rows / 160));
    return painted(columns, Math.ceil(rows / step), (x, y) => tensor.data[y * step * columns + x], most);
  }
  const length = batched ? shape[1] : tensor.data.length;
  const start = batched ? image * length : 0;
  const columns = length <= 12 ? 1 : Math.ceil(Math.sqrt(length));
  return painted(columns, Math.ceil(length / columns), (x, y) => {
    const i = y * columns + x;
    return i < length ? tensor.data[start + i] : null;
  }, most);
}

function painted(width: number, height: number, at: (x: number, y: number) => number | null, most: number): HTMLCanvasElement {
  const canvas = h("canvas", { width, height, "aria-hidden": "true" });
  const context = canvas.getContext("2d")!;
  const pixels = context.createImageData(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = at(x, y);
      if (value === null) continue;
      pixels.data.set([...colour(value, most), 255], (y * width + x) * 4);
    }
  context.putImageData(pixels, 0, 0);
  return canvas;
}

/** An image as it is: grey, bright on black. */
export function photo(pixels: Uint8Array, side: number): HTMLCanvasElement {
  const canvas = h("canvas", { width: side, height: side, "aria-hidden": "true", class: "photo" });
  const context = canvas.getContext("2d")!;
  const image = context.createImageData(side, side);
  pixels.forEach((grey, i) => image.data.set([grey, grey, grey, 255], i * 4));
  context.putImageData(image, 0, 0);
  return canvas;
}
