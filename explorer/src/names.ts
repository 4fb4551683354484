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
