/** How a tensor is laid out on a plane: which number stands in which row and column. */
import { flat, indices, type Tensor } from "../tensor.ts";

export interface View {
  rows: number;
  columns: number;
  /** The number that stands there; -1 beyond the last. */
  at(row: number, column: number): number;
  /** Where a number stands; null if it is on another plane. */
  find(index: number): [number, number] | null;
  /** Whether there are channels to choose among. */
  channels: number;
  /** What rows and columns are called. */
  axes: string;
}

/** Whether the first axis of a tensor is the batch: so it is for all that is no weight and no loss. */
export function isBatched(tensor: Tensor, N: number, weight: boolean): boolean {
  return !weight && tensor.shape[0] === N && tensor.shape.length > 1;
}

export function viewOf(tensor: Tensor, batched: boolean, image: number, channel: number): View {
  const { shape } = tensor;
  if (batched && shape.length === 4) return imageView(shape, image, channel);
  if (batched && shape.length === 3) return planeView(shape, image);
  if (batched && shape.length === 2) return wrapped(shape[1], image * shape[1]);
  if (!batched && shape.length === 4) return matrix(shape[0] * shape[1] * shape[2], shape[3], shape);
  if (!batched && shape.length === 2) return matrix(shape[0], shape[1], shape);
  return wrapped(tensor.data.length, 0);
}

function imageView(shape: readonly number[], image: number, channel: number): View {
  const [, H, W, C] = shape;
  return {
    rows: H,
    columns: W,
    channels: C,
    axes: "rows h, columns w",
    at: (row, column) => flat(shape, [image, row, column, channel]),
    find: (index) => {
      const [n, row, column, c] = indices(shape, index);
      return n === image && c === channel ? [row, column] : null;
    },
  };
}

function planeView(shape: readonly number[], image: number): View {
  const [, H, W] = shape;
  return {
    rows: H,
    columns: W,
    channels: 1,
    axes: "rows h, columns w",
    at: (row, column) => flat(shape, [image, row, column]),
    find: (index) => {
      const [n, row, column] = indices(shape, index);
      return n === image ? [row, column] : null;
    },
  };
}

/** A long row of numbers, folded. */
function wrapped(length: number, start: number): View {
  const columns = length <= 12 ? Math.min(length, 5) : length <= 40 ? 8 : length <= 400 ? 16 : 32;
  return {
    rows: Math.ceil(length / columns),
    columns,
    channels: 1,
    axes: "one row, folded",
    at: (row, column) => (row * columns + column < length ? start + row * columns + column : -1),
    find: (index) => {
      const i = index - start;
      return i >= 0 && i < length ? [Math.floor(i / columns), i % columns] : null;
    },
  };
}

function matrix(rows: number, columns: number, shape: readonly number[]): View {
  return {
    rows,
    columns,
    channels: 1,
    axes: shape.length === 4 ? "rows i, j, c; columns f" : "rows d, columns u",
    at: (row, column) => row * columns + column,
    find: (index) => [Math.floor(index / columns), index % columns],
  };
}
