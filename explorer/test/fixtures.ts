/** What Python tells the pages of some small networks: tests/explorer/networks.py wrote it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bytes, type Contents } from "../src/contents.ts";
import { Net } from "../src/net.ts";
import { type Batch, Run } from "../src/run.ts";

export const NETWORKS = ["chain", "residual", "functions", "augmented", "closed"];

export function contentsOf(name: string): Contents {
  const file = join(import.meta.dirname, "..", "fixtures", `${name}.json`);
  return JSON.parse(readFileSync(file, "utf8"));
}

export function batchOf(contents: Contents): Batch {
  const all = bytes(contents.images.pixels);
  const { length } = contents.images.names;
  const each = all.length / length;
  const stored = contents.images.names.map((_, n) => n);
  return { pixels: stored.map((n) => all.subarray(n * each, (n + 1) * each)), labels: contents.images.labels, stored };
}

export function runOf(name: string): Run {
  const contents = contentsOf(name);
  const net = new Net(contents);
  return new Run(net, net.start, batchOf(contents));
}
