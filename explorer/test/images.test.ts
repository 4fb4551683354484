/** Photos come out as Python prepares them: tests/explorer/photos.py wrote what it makes of each. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { bytes } from "../src/contents.ts";
import { otsu } from "../src/images/finding.ts";
import { filled, quantile } from "../src/images/masks.ts";
import { prepared } from "../src/images/preparing.ts";

interface Photo {
  name: string;
  size: [number, number];
  rgba: string;
  expected: { pixels: number[]; found: boolean; steps: string[]; doubts: string[]; values?: number[]; size?: [number, number]; top?: number };
}

const photos: Photo[] = JSON.parse(readFileSync(join(import.meta.dirname, "..", "fixtures", "photos.json"), "utf8"));

test("there are photos of every kind", () => assert.ok(photos.length > 30));

for (const { name, size, rgba, expected } of photos) {
  const picture = { pixels: bytes(rgba), height: size[0], width: size[1], channels: 4 };

  test(`${name}: the page's image is Python's, pixel by pixel, so are its words, and what it was scaled from to 1e-9`, () => {
    const { pixels, object, ...said } = prepared(picture, 28);
    assert.deepEqual(Array.from(pixels), expected.pixels);
    assert.deepEqual(said, { found: expected.found, steps: expected.steps, doubts: expected.doubts });
    assert.equal(object !== undefined, expected.values !== undefined);
    if (!object) return;
    assert.deepEqual([object.height, object.width], expected.size);
    assert.ok(Math.abs(object.top - expected.top!) < 1e-9);
    const worst = object.values.reduce((most, value, i) => Math.max(most, Math.abs(value - expected.values![i])), 0);
    assert.ok(worst < 1e-9, `off by ${worst}`);
  });
}

test("Otsu's threshold lies between two groups", () => {
  assert.equal(otsu(Float64Array.of(0.1, 0.1, 0.1, 0.8, 0.8)), 26 / 256);
  assert.equal(otsu(Float64Array.of(0.5, 0.5)), 0);
});

test("a quantile lies between two numbers in proportion", () => {
  assert.equal(quantile(Float64Array.of(4, 1, 3, 2), 0.5), 2.5);
  assert.equal(quantile(Float64Array.of(7), 0.98), 7);
});

test("what is shut in is filled, what is open to the edge is not", () => {
  const [width, data] = [4, Uint8Array.of(1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1)];
  assert.deepEqual(filled({ data, width, height: 4 }).data, Uint8Array.of(1, 1, 1, 0, 1, 1, 1, 0, 1, 1, 1, 0, 1, 0, 1, 1));
});
