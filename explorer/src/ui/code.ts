/** The source of a layer, with the numbered step that a number comes from: in the derivation, and in the code. */
import type { Source } from "../card.ts";
import type { SourceText } from "../contents.ts";
import { h } from "./dom.ts";

/** The lines that carry one of the steps: `(4)` in the derivation, `# (4)` in the code. */
export function marked(text: string, steps: number[]): { derivation: number[]; code: number[] } {
  const found = { derivation: [] as number[], code: [] as number[] };
  if (!steps.length) return found;
  const number = `\\((?:${steps.join("|")})\\)`;
  const inCode = new RegExp(`#.{0,8}${number}`);
  const inText = new RegExp(`(?:^|\\s)${number}(?=[\\s.,:;]|$)`);
  text.split("\n").forEach((line, i) => {
    if (inCode.test(line)) found.code.push(i);
    else if (inText.test(line)) found.derivation.push(i);
  });
  return found;
}

export class Code {
  readonly element = h("section", { class: "code", "aria-label": "Source" });
  private shown = "";

  constructor(private readonly sources: Record<string, SourceText>) {}

  show(wanted: Source[]): void {
    const known = wanted.filter((one, i) => this.sources[one.name] && wanted.findIndex((other) => other.name === one.name) === i);
    if (!known.length) {
      this.element.replaceChildren(h("h2", {}, "Source"), h("p", { class: "facts" }, "No file of scratchnet computed this number."));
      this.shown = "";
      return;
    }
    this.draw(known, known.find((one) => one.name === this.shown && one.steps.length) ?? known[0]);
  }

  private draw(known: Source[], chosen: Source): void {
    this.shown = chosen.name;
    const source = this.sources[chosen.name];
    const { derivation, code } = marked(source.text, chosen.steps);
    const lines = source.text.replace(/\n$/, "").split("\n");
    const listed = h(
      "pre",
      { tabindex: 0, role: "group", "aria-label": `${source.file}, from line ${source.start}` },
      ...lines.map((line, i) => {
        const kind = code.includes(i) ? "hit" : derivation.includes(i) ? "hit soft" : "";
        return h("code", { class: kind, "data-line": source.start + i }, line || " ");
      }),
    );
    const tabs = known.map((one) =>
      h(
        "button",
        { type: "button", class: "tab", "aria-pressed": String(one.name === chosen.name), onclick: () => this.draw(known, one) },
        one.name.split("/").pop()!,
      ),
    );
    const where = code.length ? `, line ${code.map((i) => source.start + i).join(", ")}` : "";
    this.element.replaceChildren(
      h("h2", {}, chosen.steps.length ? `Step ${chosen.steps.map((n) => `(${n})`).join(" ")}` : "Source"),
      h("p", { class: "facts" }, `scratchnet/${source.file}${where}`),
      ...(tabs.length > 1 ? [h("div", { class: "tabs" }, ...tabs)] : []),
      listed,
    );
    const first = listed.children[code[0] ?? derivation[0]] as HTMLElement | undefined;
    listed.scrollTop = first ? first.offsetTop - listed.clientHeight / 3 : 0;
  }
}
