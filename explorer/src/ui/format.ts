/** Numbers as the page writes them: the sign always, and a true minus. */
export function signed(value: number, digits = 4): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  const size = Math.abs(value);
  const small = size < 1e-3 || size >= 1e6;
  const text = small ? size.toExponential(Math.max(digits - 2, 1)).replace("e-", "e−").replace("e+", "e") : trimmed(size.toPrecision(digits));
  return (value < 0 ? "−" : "+") + text;
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
