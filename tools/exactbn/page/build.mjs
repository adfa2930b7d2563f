// SPDX-License-Identifier: Apache-2.0
// Bundles the script of the page: node build.mjs FILE
// What is bundled of others keeps its licence at the head of the file.
import {build} from "esbuild";
import {readFileSync, readdirSync, writeFileSync} from "node:fs";
import {join} from "node:path";
import {fileURLToPath} from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));

const {outputFiles, metafile} = await build({
  entryPoints: [join(here, "src/page.js")],
  absWorkingDir: here,
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2020",
  // The program embeds the text, and a page may be read as any ASCII.
  charset: "ascii",
  metafile: true,
  write: false,
});

// The packages of which something is in the bundle.
const packages = new Set(Object.keys(Object.values(metafile.outputs)[0].inputs)
  .map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  .filter(Boolean));

// Licences that differ in nothing but who holds the copyright stand once.
const licences = new Map();
for (const name of [...packages].sort()) {
  const folder = join(here, "node_modules", name);
  const file = readdirSync(folder).find((f) => /^licen[cs]e/i.test(f));
  if (!file) throw new Error(`${name} has no licence`);
  const lines = readFileSync(join(folder, file), "utf8")
    .replaceAll("\r", "").replaceAll("*/", "* /").trim().split("\n");
  const names = (line) => /^copyright (\(c\) )?[12]/i.test(line.trim());
  const body = lines.filter((line) => !names(line)).join("\n").trim();
  const entry = licences.get(body) ?? [];
  const holders = lines.filter(names).join("; ");
  licences.set(body, [...entry, `${name}: ${holders}`]);
}
let notice = "/*!\n";
for (const [body, holders] of licences) {
  notice += holders.join("\n") + "\n" + body + "\n\n";
}
const script = notice.trimEnd() + "\n*/\n" + outputFiles[0].text;
// It is embedded in a script element, and before that in a C++ raw string.
for (const word of ["</script", "<!--", ")page\""]) {
  if (script.toLowerCase().includes(word)) {
    throw new Error(`the bundle has ${word}`);
  }
}
writeFileSync(process.argv[2], script);
