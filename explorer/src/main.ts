import { type Contents, FORMAT } from "./contents.ts";
import { App } from "./ui/app.ts";
import { h } from "./ui/dom.ts";
import { Session } from "./ui/session.ts";

function start(): void {
  const root = document.getElementById("explorer")!;
  try {
    const contents: Contents = JSON.parse(document.getElementById("contents")!.textContent!);
    if (contents.format !== FORMAT) throw new Error(`The page's data has format ${contents.format}, its script expects ${FORMAT}.`);
    new App(new Session(contents), root);
    document.documentElement.dataset.ready = "true";
  } catch (error) {
    root.replaceChildren(h("p", { class: "check wrong", role: "alert" }, `This page could not be computed: ${error instanceof Error ? error.message : error}. Write it again with scratchnet explore.`));
    throw error;
  }
}

start();
