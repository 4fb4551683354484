/** A photo becomes an image as the data set has them, by the ten steps of scratchnet/images, with the same numbers. */
import { type Background, backgroundOf, withoutFrame } from "./background.ts";
import { findObject, type Found } from "./finding.ts";
import { boundingBox, dilated, filled, mean, quantile, type Sides } from "./masks.ts";
import { BOX, type Box, LANCZOS, type Picture, reduced, resized } from "./resizing.ts";
import { cut, far, type Image, smoothed } from "./shades.ts";

const LIGHT = 127;
const WORK = 256;
const ENOUGH = 2048;
const MARGIN = 0.2;
const BRIGHTEST = 0.98;
const [LITTLE, PALE, PLAIN] = [0.03, 0.15, 0.9];

export interface Prepared {
  pixels: Uint8Array;
  /** False if nothing is in the picture, and all pixels 0. */
  found: boolean;
  /** What the pixels were scaled down from; none if the picture had the size of the frame, or nothing in it. */
  object?: Stretched;
  /** What was done, in words. */
  steps: string[];
  /** What makes the result unsure, in words. */
  doubts: string[];
}

interface Look {
  image: Image;
  left: number;
  top: number;
  /** How many pixels of the picture one of the image is wide and high. */
  scale: [number, number];
  background: Background;
  object: Found;
  box: Sides;
}

/** The object, 0 to 1, and the difference from the background that became 1. */
export interface Stretched {
  values: Float64Array;
  width: number;
  height: number;
  top: number;
}

/** Bring a picture into the frame, bright on black. */
export function prepared(rgba: Picture, side: number): Prepared {
  const { picture, steps } = opened(rgba);
  if (picture.width === side && picture.height === side) return asItIs(picture, side, steps);
  const looks = looked(picture);
  if (!looks) return { pixels: new Uint8Array(side * side), found: false, steps, doubts: ["nothing differs from the background"] };
  const object = stretched(looks.closer);
  steps.push(`cut to the ${sizeOf(looks.first, rgba, picture)} that differ from the background`);
  if (object.top < 0.9) steps.push(`contrast stretched ${(1 / object.top).toFixed(1)} times`);
  steps.push(`scaled to ${side}×${side}`);
  return { pixels: framed(object, side), found: true, object, steps, doubts: doubtsOf(looks.first, object.top) };
}

/** White where it is transparent, of one colour if it is grey, not larger than any step needs. */
function opened({ pixels, width, height }: Picture): { picture: Picture; steps: string[] } {
  const count = width * height;
  let [see_through, grey] = [false, true];
  const colours = new Uint8Array(3 * count);
  for (let i = 0; i < count; i++) {
    const alpha = pixels[4 * i + 3];
    see_through ||= alpha < 255;
    for (let c = 0; c < 3; c++) colours[3 * i + c] = onWhite(pixels[4 * i + c], alpha);
    grey &&= colours[3 * i] === colours[3 * i + 1] && colours[3 * i] === colours[3 * i + 2];
  }
  const all = { pixels: grey ? colours.filter((_, i) => i % 3 === 0) : colours, width, height, channels: grey ? 1 : 3 };
  const factor = Math.floor(Math.max(width, height) / ENOUGH);
  const picture = factor > 1 ? reduced(all, factor) : all;
  return { picture, steps: [`${width}×${height}`, ...(see_through ? ["made white where it is transparent"] : [])] };
}

/** A shade over white, as Pillow's `alpha_composite`. */
function onWhite(shade: number, alpha: number): number {
  if (alpha === 0) return 255;
  const sum = shade * alpha * 128 + 255 * (255 - alpha) * 128 + 128 * 128;
  return ((sum >> 8) + sum) >> 15;
}

function asItIs({ pixels, channels }: Picture, side: number, steps: string[]): Prepared {
  let grey = new Uint8Array(side * side);
  // Pillow's weights for "L", in its sixteen bits.
  for (let i = 0; i < grey.length; i++)
    grey[i] = channels === 1 ? pixels[i] : (pixels[3 * i] * 19595 + pixels[3 * i + 1] * 38470 + pixels[3 * i + 2] * 7471 + 0x8000) >> 16;
  if (grey.every((shade) => shade === grey[0])) return { pixels: grey.fill(0), found: false, steps, doubts: ["nothing differs from the background"] };
  const corners = [0, side - 1, side * (side - 1), side * side - 1].map((i) => grey[i]).sort((a, b) => a - b);
  if ((corners[1] + corners[2]) / 2 > LIGHT) {
    grey = grey.map((shade) => 255 - shade);
    steps.push("inverted, because its background is light and Fashion-MNIST's is black");
  }
  return { pixels: grey, found: true, steps, doubts: [] };
}

/** The object in the whole picture, and seen from nearer where it is small. */
function looked(picture: Picture): { first: Look; closer: Look } | null {
  const first = look(picture, [0, 0, picture.width, picture.height]);
  if (!first) return null;
  const small = Math.max(...first.box.map(([start, stop]) => stop - start)) < WORK / 2 && Math.max(...first.scale) > 1;
  return { first, closer: (small && look(picture, around(first))) || first };
}

function look(picture: Picture, part: Box): Look | null {
  const [left, top, right, bottom] = part;
  const shrink = Math.min(1, WORK / Math.max(right - left, bottom - top));
  const [width, height] = [right - left, bottom - top].map((side) => Math.max(1, roundToEven(side * shrink)));
  const small = resized(picture, width, height, BOX, part);
  const image = { ...small, data: Float64Array.from(small.pixels, (shade) => shade / 255) };
  const scale: [number, number] = [(right - left) / width, (bottom - top) / height];
  const inside = withoutFrame(image);
  const [[above, below], [before, behind]] = inside;
  const found = find(cut(image, inside), left + before * scale[0], top + above * scale[1], scale);
  const framed = height !== below - above || width !== behind - before;
  return found || !framed ? found : find(image, left, top, scale);
}

function find(image: Image, left: number, top: number, scale: [number, number]): Look | null {
  const smooth = smoothed(image);
  const background = backgroundOf(smooth);
  const object = findObject(differences(smooth, background.surface), background.noise);
  const box = object && boundingBox(object.core);
  return object && box ? { image, left, top, scale, background, object, box } : null;
}

function differences({ data, width, height, channels }: Image, surface: Image) {
  const each = (from: Image["data"], i: number) => from.subarray(i * channels, (i + 1) * channels);
  return { data: Float64Array.from({ length: width * height }, (_, i) => far(each(data, i), each(surface.data, i))), width, height };
}

/** The object's box, and a margin around it, in pixels of the picture. */
function around({ image, left, top, scale: [x, y], box }: Look): Box {
  const margin = MARGIN * Math.max(...box.map(([start, stop]) => stop - start)) + 2;
  const [[upper, lower], [first, last]] = box.map(([start, stop], axis) => [Math.max(start - margin, 0), Math.min(stop + margin, [image.height, image.width][axis])]);
  return [left + first * x, top + upper * y, left + last * x, top + lower * y];
}

function stretched({ image, background, object, box }: Look): Stretched {
  const difference = differences(image, background.surface).data;
  const mask = dilated(filled(object.mask), 1).data;
  const top = quantile(difference.filter((_, i) => object.core.data[i] === 1), BRIGHTEST);
  const floor = Math.min(background.noise, top / 4);
  const data = difference.map((one, i) => (mask[i] ? Math.max(0, Math.min(1, (one - floor) / (top - floor))) : 0));
  const part = cut({ data, width: image.width, height: image.height, channels: 1 }, box);
  return { values: part.data, width: part.width, height: part.height, top };
}

/** The longer side scaled to the frame's, the image in its middle. */
function framed({ values, width, height }: Stretched, side: number): Uint8Array {
  const longer = Math.max(width, height);
  const [h, w] = [height, width].map((length) => Math.max(1, roundToEven((length * side) / longer)));
  const grey = { pixels: Uint8Array.from(values, (value) => roundToEven(value * 255)), width, height, channels: 1 };
  const small = resized(grey, w, h, LANCZOS).pixels;
  const frame = new Uint8Array(side * side);
  const [top, left] = [Math.floor((side - h) / 2), Math.floor((side - w) / 2)];
  for (let y = 0; y < h; y++) frame.set(small.subarray(y * w, (y + 1) * w), (y + top) * side + left);
  return frame;
}

/** As Python and NumPy round: a half to the even neighbour. */
function roundToEven(value: number): number {
  const rounded = Math.round(value);
  return Math.abs(value % 1) === 0.5 && rounded % 2 ? rounded - 1 : rounded;
}

/** Width and height of the object in pixels of the file. */
function sizeOf({ box: [[top, bottom], [left, right]], scale }: Look, file: Picture, picture: Picture): string {
  const share = Math.max(file.width, file.height) / Math.max(picture.width, picture.height);
  return `${roundToEven((right - left) * scale[0] * share)}×${roundToEven((bottom - top) * scale[1] * share)}`;
}

function doubtsOf({ image, background, object, box }: Look, top: number): string[] {
  const covered = mean(object.core.data);
  const percent = (part: number, digits = 0) => `${(100 * part).toFixed(digits)}%`;
  const [[start, bottom], [left, right]] = box;
  const edges = { upper: start === 0, lower: bottom === image.height, left: left === 0, right: right === image.width };
  const reached = Object.entries(edges).flatMap(([name, reaches]) => (reaches ? [name] : []));
  return [
    covered < LITTLE && `the object covers only ${percent(covered, 1)} of the picture: go nearer`,
    top < PALE && `it differs from its background by ${percent(top)} of black to white only`,
    background.agreeing < PLAIN && `the background is not plain: it explains ${percent(background.agreeing)} of the border only`,
    object.others && `there are ${object.others + 1} objects of similar size, and the largest was taken`,
    reached.length && `it reaches the ${reached.join(" and the ")} edge of the picture: something may be missing`,
  ].filter((doubt): doubt is string => Boolean(doubt));
}
