/** Numbers as the page writes them: the sign always, and a true minus. */
export function signed(value: number, digits = 4): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const small = size < 1e-3 || size >= 1e6;
  const text = small ? size.toExponential(Math.max(digits - 2, 1)).replace("e-", "e−").replace("e+", "e") : trimmed(size.toPrecision(digits));
  return (value < 0 ? "−" : "+") + text;
}

/** Powers of ten that numbers are written in, so that the largest of them has one or two digits before the point. */
export function unitOf(most: number): number {
  return most === 0 || !Number.isFinite(most) || (most >= 0.1 && most < 100) ? 0 : Math.floor(Math.log10(most));
}

/** A number in such a unit, short enough for a cell. */
export function inUnit(value: number, unit: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value).replace("-", "−");
  return (value < 0 ? "−" : "+") + (Math.abs(value) / 10 ** unit).toFixed(2);
}

/** What the unit is called: " × 10⁻³"; nothing where it is one. */
export function unitName(unit: number): string {
  return unit ? ` × 10${String(unit).replace(/./g, (c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹"[Number(c)]))}` : "";
}

/** All digits that matter. */
export function full(value: number): string {
  return signed(value, 10);
}

function trimmed(text: string): string {
  return text.includes("e") ? String(Number(text)) : text;
}

export function count(value: number): string {
  return value.toLocaleString("en-GB");
}

export function percent(value: number): string {
  return `${(100 * value).toFixed(1)} %`;
}
