/** An array of numbers with a shape, row by row: what NumPy calls C order. */
export interface Tensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, n) => product * n, 1);
}

export function zeros(name: string, shape: readonly number[]): Tensor {
  return { name, shape, data: new Float64Array(sizeOf(shape)) };
}

/** Where the number with these indices lies. */
export function flat(shape: readonly number[], at: readonly number[]): number {
  let index = 0;
  for (let axis = 0; axis < shape.length; axis++) index = index * shape[axis] + at[axis];
  return index;
}

/** The indices of the number that lies there. */
export function indices(shape: readonly number[], index: number): number[] {
  const at = new Array<number>(shape.length);
  for (let axis = shape.length - 1; axis > 0; axis--) {
    at[axis] = index % shape[axis];
    index = Math.floor(index / shape[axis]);
  }
  if (shape.length) at[0] = index; // whatever the length of the first axis: batches differ in it
  return at;
}

export function largest(data: Float64Array): number {
  let most = 0;
  for (const value of data) if (Math.abs(value) > most) most = Math.abs(value);
  return most;
}
