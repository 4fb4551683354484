/** Sliding windows, as in scratchnet/layers/windows.py: which pixels lie under one, and which lie over a pixel. */
import type { WindowsSpec } from "../contents.ts";

export interface Under {
  /** Place within the window. */
  i: number;
  j: number;
  /** The pixel. */
  h: number;
  w: number;
}

export interface Over {
  i: number;
  j: number;
  /** The window. */
  oh: number;
  ow: number;
}

/** The pixels under a window, row by row; those on the padding are left out. */
export function under(spec: WindowsSpec, image: readonly number[], oh: number, ow: number): Under[] {
  const found: Under[] = [];
  for (let i = 0; i < spec.size[0]; i++)
    for (let j = 0; j < spec.size[1]; j++) {
      const h = oh * spec.strides[0] + i * spec.dilation[0] - spec.before[0];
      const w = ow * spec.strides[1] + j * spec.dilation[1] - spec.before[1];
      if (h >= 0 && h < image[0] && w >= 0 && w < image[1]) found.push({ i, j, h, w });
    }
  return found;
}

/** The windows over a pixel, in the order in which `col2im` adds them up. */
export function over(spec: WindowsSpec, h: number, w: number): Over[] {
  const found: Over[] = [];
  for (let i = 0; i < spec.size[0]; i++)
    for (let j = 0; j < spec.size[1]; j++) {
      const down = h + spec.before[0] - i * spec.dilation[0];
      const across = w + spec.before[1] - j * spec.dilation[1];
      if (down % spec.strides[0] || across % spec.strides[1]) continue;
      const oh = down / spec.strides[0];
      const ow = across / spec.strides[1];
      if (oh >= 0 && oh < spec.count[0] && ow >= 0 && ow < spec.count[1]) found.push({ i, j, oh, ow });
    }
  return found;
}

/** Place of the window and pixel, for the loops that run over all of them. */
export function eachWindow(spec: WindowsSpec, visit: (oh: number, ow: number) => void): void {
  for (let oh = 0; oh < spec.count[0]; oh++) for (let ow = 0; ow < spec.count[1]; ow++) visit(oh, ow);
}

export function windows(count: number): string {
  return count === 1 ? "one window" : `${["no", "one", "two", "three", "four"][count] ?? count} windows`;
}
