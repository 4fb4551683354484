/** What the page calls what belongs to a weight: "Conv_1:dkernel", "Conv_1:step.kernel", "Conv_1:new.kernel". */
import { split } from "./net.ts";

export function gradientName(weight: string): string {
  const [owner, name] = split(weight);
  return `${owner}:d${name}`;
}

export function newName(weight: string): string {
  const [owner, name] = split(weight);
  return `${owner}:new.${name}`;
}

export function stepName(weight: string): string {
  const [owner, name] = split(weight);
  return `${owner}:step.${name}`;
}

/** What the page calls how far a step has moved a tensor: "Conv_1:moved.kernel". */
export function movedName(tensor: string): string {
  const [owner, part] = split(tensor);
  return `${owner}:${MOVED}${part}`;
}

export const MOVED = "moved.";
