/** Blue for what is above zero, orange for what is below: a pair that colour-blind people tell apart. */
type Colour = [number, number, number];

interface Palette {
  zero: Colour;
  above: Colour;
  below: Colour;
}

const LIGHT: Palette = { zero: [244, 242, 238], above: [24, 86, 160], below: [196, 84, 10] };
const DARK: Palette = { zero: [32, 36, 42], above: [104, 176, 250], below: [250, 158, 84] };

export function isDark(): boolean {
  return matchMedia("(prefers-color-scheme: dark)").matches;
}

/** A number's share of the largest, raised a little so that small ones can be seen. */
function strength(value: number, most: number): number {
  return most ? Math.min(Math.abs(value) / most, 1) ** 0.7 : 0;
}

export function colour(value: number, most: number, dark = isDark()): Colour {
  const palette = dark ? DARK : LIGHT;
  const end = value < 0 ? palette.below : palette.above;
  const t = strength(value, most);
  return palette.zero.map((from, i) => Math.round(from + (end[i] - from) * t)) as Colour;
}

export function css([r, g, b]: Colour): string {
  return `rgb(${r} ${g} ${b})`;
}

function luminance(colour: Colour): number {
  const [r, g, b] = colour.map((c) => (c / 255 <= 0.03928 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** Black or white, whichever can be read better on a colour. */
export function inkOn(colour: Colour): string {
  return luminance(colour) > 0.179 ? "#000000" : "#ffffff"; // where their contrasts are equal, 4.58
}
