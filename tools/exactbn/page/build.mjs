// SPDX-License-Identifier: Apache-2.0
// Bundles the script of the page: node build.mjs FILE
// The licences of bundled packages are at the head of the file.
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
  // The program embeds the text; ASCII is safe in any encoding of the page.
  charset: "ascii",
  metafile: true,
  write: false,
});

// The packages that contribute to the bundle.
const packages = new Set(Object.keys(Object.values(metafile.outputs)[0].inputs)
  .map((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1])
  .filter(Boolean));

// Licences that differ only in the copyright holder are written once.
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
// The script is embedded in a C++ raw string, and then in a script element.
for (const word of ["</script", "<!--", ")page\""]) {
  if (script.toLowerCase().includes(word)) {
    throw new Error(`the bundle contains ${word}`);
  }
}
writeFileSync(process.argv[2], script);
