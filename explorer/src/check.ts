/** The page checks itself: what it recomputed, against sums and entries by the NumPy definitions in float64. */
import type { Run } from "./run.ts";

export const TOLERANCE = 1e-12;

export interface Verdict {
  ok: boolean;
  /** How many numbers were recomputed here. */
  numbers: number;
  /** How many of them, sums included, were compared. */
  compared: number;
  /** The largest difference, relative to the largest number of its tensor. */
  worst: number;
  where: string;
}

/** A sum whose rounding errors are added up beside it (Neumaier), since the numbers are many and of one sign. */
export function exactSum(data: Float64Array): number {
  let total = 0;
  let lost = 0;
  for (const value of data) {
    const next = total + value;
    lost += Math.abs(total) >= Math.abs(value) ? total - next + value : value - next + total;
    total = next;
  }
  return total + lost;
}

export function check(run: Run): Verdict {
  const { check: wanted } = run.net.contents;
  const verdict: Verdict = { ok: true, numbers: run.count, compared: 0, worst: 0, where: "" };
  const compare = (found: number, expected: number, scale: number, where: string) => {
    verdict.compared++;
    const off = Math.abs(found - expected) / (scale || 1);
    if (off <= verdict.worst) return; // NaN goes on: it is larger than anything
    verdict.worst = Number.isNaN(off) ? Infinity : off;
    verdict.where = where;
  };
  compare(run.tensor("loss:L").data[0], wanted.loss, 1, "the loss");
  for (const one of wanted.tensors) {
    const found = run.find(one.name);
    if (!found || found.data.length !== one.size) {
      compare(NaN, 0, 1, `${one.name}, which is missing`);
      continue;
    }
    if (one.sum !== null) {
      compare(exactSum(found.data), one.sum, one.largest * Math.sqrt(one.size), `the sum of ${one.name}`);
    }
    for (const [index, value] of one.entries) compare(found.data[index], value, one.largest, `${one.name}, number ${index}`);
  }
  verdict.ok = verdict.worst <= TOLERANCE;
  return verdict;
}
