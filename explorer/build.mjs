// Makes scratchnet/explorer/assets of src/, or with --tests the tests' bundles in build/tests.
// Another folder for the assets may be named: node build.mjs FOLDER.
import { readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const [argument] = process.argv.slice(2);

if (argument === "--tests") {
  const tests = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: tests.map((name) => join(here, "test", name)),
    outdir: join(here, "build", "tests"),
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
  });
} else {
  const out = argument ?? join(here, "..", "scratchnet", "explorer", "assets");
  const shared = { bundle: true, minify: true, charset: "utf8", target: "es2022", logLevel: "warning" };
  await build({ ...shared, entryPoints: [join(here, "src", "main.ts")], outfile: join(out, "explorer.js"), format: "iife" });
  await build({ ...shared, entryPoints: [join(here, "src", "explorer.css")], outfile: join(out, "explorer.css") });
}
