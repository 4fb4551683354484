/** The head of the page: what it shows, and whether its numbers are Python's. */
import { h } from "./dom.ts";
import { count } from "./format.ts";
import type { Session } from "./session.ts";

export function header({ contents, verdict }: Session): HTMLElement {
  const worst = verdict.worst.toExponential(1);
  const agree = `✓ ${count(verdict.numbers)} numbers recomputed here; the samples agree to 1e-12`;
  const differ = `✗ The numbers recomputed here differ from Python's: ${verdict.where} by ${worst}. Do not trust this page.`;
  const title = `${verdict.compared} sums and entries compared, worst difference ${worst}`;
  return h(
    "header",
    { class: "top" },
    h("h1", {}, h("b", {}, contents.title), h("span", {}, " · every number opens into its sum")),
    h("p", { id: "check", class: verdict.ok ? "check" : "check wrong", role: "status", title }, verdict.ok ? agree : differ),
  );
}
