// SPDX-License-Identifier: Apache-2.0
// The page of --html in a browser: node page_test.mjs EXACTBN FOLDER
// FOLDER keeps the page and screenshots of it. Exit code 77 means that the
// browser or the npm packages are missing.
import assert from "node:assert/strict";
import {spawnSync} from "node:child_process";
import {existsSync, mkdirSync, readFileSync, statSync, writeFileSync}
  from "node:fs";
import {createRequire} from "node:module";
import {join, resolve} from "node:path";
import {after, before, test} from "node:test";
import {fileURLToPath, pathToFileURL} from "node:url";

const [program, folder] = process.argv.slice(2).map((path) => resolve(path));
const browserFile = ["/usr/bin/chromium", "/usr/bin/google-chrome"]
  .find((file) => existsSync(file));
const {chromium} = await import("playwright-core").catch(() => ({}));
if (!chromium || !browserFile) {
  console.log("no chromium or no npm packages: run tools/setup page check");
  process.exit(77);
}
const axe = readFileSync(
  createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

mkdirSync(folder, {recursive: true});
const file = (name) => join(folder, name);
const urlOf = (name) => pathToFileURL(file(name)).href;

function exactbn(...words) {
  const {stderr, status} = spawnSync(program, words, {encoding: "utf8"});
  assert.ok(status === 0 || status === 1 || status === 4, stderr);
}

// Three subjects, one of them hostile, on two formats.
const hostile = "node " +
  fileURLToPath(new URL("hostile_subject.mjs", import.meta.url));
const validate = (name, ...more) => exactbn("validate", "double",
  "defect:variance_one_pass", "--exec", hostile, "--once", "--dtype",
  "f16,bf16", "--html", file(name), ...more);
validate("matrix.html", "--json", file("matrix.json"));
// The same with few cases, for slow tests.
validate("small.html", "--filter", "MeanDominatesVariance");
const json = JSON.parse(readFileSync(file("matrix.json"), "utf8"));
const wrong = json.reports[1];
const harmful = json.reports[2].subject;

// Two cases with hostile ids; the second is never answered.
const id = "\"'><img src=x onerror=\"hacked='id'\"><b id=page-data>&amp;";
const question = (name) => JSON.stringify({
  case: name, operation: "forward_inference", channel_axis: 1,
  epsilon: "3ff0000000000000", inputs: Object.fromEntries([
    ["x", {dtype: "f32", shape: [1, 1], bits: "3f800000"}],
    ...["running_mean", "running_var"].map((statistic) =>
      [statistic, {dtype: "f32", shape: [1], bits: "00000000"}])])}) + "\n";
writeFileSync(file("cases"), question(id) + question("<i>"));
writeFileSync(file("answers"), JSON.stringify({subject: harmful}) + "\n" +
  JSON.stringify({case: id, error: `</pre>${harmful}`}) + "\n");
exactbn("check", file("cases"), file("answers"), "--html",
  file("hostile.html"));

let browser;
before(async () => {
  browser = await chromium.launch({executablePath: browserFile,
    args: ["--no-sandbox", "--disable-dev-shm-usage"]});
});
after(() => browser?.close());

// Opens a page, and records requests and messages, which must not occur.
async function open(name, {hash = "", ...options} = {}) {
  const context = await browser.newContext(
    {viewport: {width: 1280, height: 900}, ...options});
  context.setDefaultTimeout(5000);
  const page = await context.newPage();
  page.trouble = [];
  page.on("console", (m) => page.trouble.push(m.text()));
  page.on("pageerror", (error) => page.trouble.push(error.message));
  page.on("request", (request) => {
    if (request.url().split("#")[0] !== urlOf(name)) {
      page.trouble.push(request.url());
    }
  });
  await page.goto(urlOf(name) + hash);
  return page;
}
async function close(page) {
  assert.deepEqual(page.trouble, []);
  await page.context().close();
}

const visible = (page, selector) =>
  page.locator(selector).filter({visible: true}).count();
const section = (subject) =>
  `section[data-subject="${subject.replace(/["\\]/g, "\\$&")}"]`;
const inWrong = section(wrong.subject);
const failuresOf = (report) => report.cases.filter((c) =>
  c.verdict === "failed");

// The number as the page writes it.
const shown = (value) => value === null ? Infinity : Number(value);
function assertNear(text, value) {
  const number = text === "inf" ? Infinity : Number(text);
  const wanted = shown(value);
  assert.ok(number === wanted || Math.abs(number - wanted) <= 6e-3 * wanted,
    `${text} is not ${value}`);
}

test("the matrix has the figures of the JSON report", async () => {
  const page = await open("matrix.html");
  const cells = await page.locator("tr[data-subject] td[data-dtype]")
    .evaluateAll((all) => all.filter((cell) => cell.querySelector(".counts"))
      .map((cell) => ({
        row: cell.parentElement.dataset, dtype: cell.dataset.dtype,
        words: cell.innerText,
        grade: cell.querySelector(".badge")?.innerText,
        eta: cell.querySelector(".eta")?.innerText})));
  assert.equal(cells.length, json.matrix.length);
  for (const wanted of json.matrix) {
    const [cell, more] = cells.filter(({row, dtype}) =>
      row.subject === wanted.subject && row.operation === wanted.operation &&
      dtype === wanted.dtype);
    assert.equal(more, undefined);
    assert.ok(cell.words.includes(`${wanted.failed} failed of ${wanted.run}`),
      cell.words);
    assert.equal(cell.words.includes("undecided"), wanted.undecided > 0);
    assert.equal(cell.grade ?? null, wanted.grade);
    if (wanted.grade !== null) assertNear(cell.eta, wanted.max_eta);
  }
  await close(page);
});

test("a subject has the figures of its report", async () => {
  const page = await open("matrix.html");
  for (const report of json.reports) {
    const here = page.locator(section(report.subject));
    const {run, passed, failed, undecided} = report.summary;
    assert.match(await here.locator(".outcome").innerText(), new RegExp(
      `^${run} run, ${passed} passed, ${failed} failed, .* ${undecided} und`));
    assert.equal(await here.locator(".failures > li").count(),
      report.failures.length);
  }
  // The text of a failure is that of the command.
  const [first] = wrong.failures;
  const text = await page.locator(`[id="${wrong.subject}:${first.case}"] pre`)
    .textContent();
  assert.ok(text.startsWith("FAIL "));
  assert.ok(text.includes(first.got) && text.includes(first.reproduce), text);
  // The counts of unsupported cases add up.
  const counts = await page.locator(section(harmful))
    .locator("tr[data-is='unsupported'] td:last-child").allTextContents();
  assert.equal(counts.reduce((sum, n) => sum + Number(n), 0),
    json.reports[2].summary.unsupported);
  await close(page);
});

test("charts have a mark for each output, and say what they show", async () => {
  const page = await open("matrix.html");
  const boxes = page.locator(inWrong).locator("[data-charts]");
  await boxes.first().scrollIntoViewIfNeeded();
  await page.waitForSelector(`${inWrong} [data-charts=ulp] svg`);
  const outputs = wrong.cases.flatMap((c) => Object.values(c.outputs)
    .map((out) => ({...out, m: c.m}))).filter((out) => out.grade !== null);
  const conditioned = outputs.filter((out) => out.kappa !== null);
  assert.ok(conditioned.length > 100 && conditioned.length < outputs.length);
  const charts = boxes.first().locator("figure > svg");
  const dots = (i) => charts.nth(i).locator("g[data-mark=dot] path").count();
  assert.equal(await dots(0), conditioned.length);
  assert.equal(await dots(1), outputs.length);
  const name = await charts.first().getAttribute("aria-label");
  assert.equal(await charts.first().getAttribute("role"), "img");
  assert.ok(name.includes(conditioned.length.toLocaleString("en")), name);
  // A bar for each bin that is not empty.
  const bins = Object.values(wrong.outputs)
    .flatMap((out) => Object.values(out.ulp_histogram))
    .flatMap(({values, unlike}) => [...values, unlike]);
  assert.equal(await page.locator(inWrong)
    .locator("[data-charts=ulp] g[data-mark=bar] rect").count(),
  bins.filter((count) => count > 0).length);
  await close(page);
});

test("an unstable output is drawn above the limits", async () => {
  const page = await open("matrix.html", {hash: "#?is=unstable"});
  const box = page.locator(inWrong).locator("[data-charts=eta]");
  await box.scrollIntoViewIfNeeded();
  await page.waitForSelector(`${inWrong} [data-charts=eta] figure svg`);
  const height = (locator) => locator.evaluateAll((all) =>
    all.map((e) => e.getBoundingClientRect()).map((r) => r.y + r.height / 2));
  const chart = box.locator("figure > svg").first();
  const [limit] = await height(chart.locator("g[data-mark=line] path"));
  const dots = await height(chart.locator("g[data-mark=dot] path"));
  assert.ok(dots.length > 20);
  assert.ok(dots.every((y) => y < limit), "an unstable dot below eta 8");
  await close(page);
});

test("a click on a point opens its failure", async () => {
  const page = await open("matrix.html", {hash: "#?is=unstable"});
  const dots = page.locator(inWrong)
    .locator("[data-charts=eta] g[data-mark=dot] path");
  await page.locator(inWrong).locator("[data-charts=eta]")
    .scrollIntoViewIfNeeded();
  await dots.first().waitFor();
  const box = await dots.first().boundingBox();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.locator("g[aria-label=tip] text").first().waitFor();
  await page.mouse.down();
  await page.mouse.up();
  const opened = page.locator(`${inWrong} .failures details[open]`);
  await opened.waitFor();
  assert.equal(decodeURIComponent(new URL(page.url()).hash.slice(1)),
    await opened.getAttribute("id"));
  await close(page);
});

test("headings sort by keyboard", async () => {
  const page = await open("matrix.html");
  const table = page.locator(inWrong).locator("table", {
    has: page.locator("th", {hasText: "worst ulp"})}).first();
  const heading = table.locator("th", {hasText: "worst ulp"});
  const values = () => table.locator("tbody tr").evaluateAll((rows) =>
    rows.map((row) => Number(row.cells[10].dataset.sort)));
  const unsorted = await values();
  const up = [...unsorted].sort((a, b) => a < b ? -1 : a > b ? 1 : 0);
  assert.notDeepEqual(unsorted, up);
  await heading.locator("button").focus();
  await page.keyboard.press("Enter");
  assert.deepEqual(await values(), up);
  assert.equal(await heading.getAttribute("aria-sort"), "ascending");
  await page.keyboard.press("Space");
  assert.deepEqual(await values(), up.reverse());
  assert.equal(await heading.getAttribute("aria-sort"), "descending");
  // Another column replaces the order; words sort alphabetically.
  await table.locator("th button").first().click();
  assert.equal(await table.locator("[aria-sort]").count(), 1);
  const names = await table.locator("tbody th").allTextContents();
  assert.deepEqual(names, [...names].sort());
  await close(page);
});

test("filters work by keyboard, and the URL keeps them", async () => {
  const page = await open("matrix.html");
  const all = json.reports.flatMap(failuresOf);
  const listed = () => visible(page, ".failures > li");
  const count = (wanted) => `${wanted} of ${all.length} failures are shown`;
  const status = page.getByRole("status");
  assert.equal(await listed(), all.length);
  const select = (name) => page.getByRole("combobox", {name, exact: true});
  const format = select("Format");
  await format.focus();
  await page.keyboard.press("ArrowDown");
  const chosen = await format.inputValue();
  assert.equal(chosen, "f16");
  const ofFormat = all.filter((c) => c.dtype === chosen).length;
  assert.ok(ofFormat > 0 && ofFormat < all.length);
  assert.equal(await listed(), ofFormat);
  assert.equal(await status.innerText(), count(ofFormat));
  // Columns of other formats are faint, and their rows hidden.
  assert.equal(await visible(page, `${inWrong} tr[data-dtype=bf16]`), 0);
  assert.ok(await visible(page, "td.faint[data-dtype=bf16]") > 0);
  // And one subject.
  await select("Subject").selectOption(wrong.subject);
  const mine = failuresOf(wrong).filter((c) => c.dtype === chosen);
  assert.equal(await listed(), mine.length);
  assert.equal(await visible(page, "section.subject"), 1);
  // And one case.
  await page.getByLabel("Text in a case").fill(mine[0].case.toUpperCase());
  assert.equal(await listed(), 1);
  // The URL keeps all of them.
  await page.reload();
  assert.equal(await listed(), 1);
  assert.equal(await format.inputValue(), "f16");
  await page.getByRole("button", {name: "Clear"}).press("Enter");
  await page.waitForFunction((words) =>
    document.querySelector("[role=status]").textContent === words,
  count(all.length));
  assert.equal(new URL(page.url()).hash, "");
  await select("Operation").selectOption("backward_training");
  assert.equal(await listed(),
    all.filter((c) => c.operation === "backward_training").length);
  await select("Result").selectOption("undecided");
  assert.equal(await listed(), 0);
  assert.equal(await visible(page, `${inWrong} tr[data-is=undecided]`),
    wrong.cases.filter((c) => c.verdict === "undecided" &&
      c.operation === "backward_training").length);
  await close(page);
});

test("a link to a failure opens it, even if it is filtered out", async () => {
  const target = failuresOf(wrong).at(-1);
  const name = `${wrong.subject}:${target.case}`;
  const page = await open("matrix.html",
    {hash: "#" + encodeURIComponent(name)});
  const details = page.locator(`[id="${name}"]`);
  assert.equal(await details.evaluate((e) => e.open), true);
  const inWindow = () => details.evaluate((e) => {
    const {top} = e.getBoundingClientRect();
    return top >= 0 && top < innerHeight;
  });
  await page.waitForTimeout(300);  // charts drawn later must not move it
  assert.ok(await inWindow());
  assert.equal(await page.evaluate(() => document.activeElement.tagName),
    "SUMMARY");
  await page.evaluate(() => { location.hash = "#?operation=jvp_training"; });
  await details.waitFor({state: "hidden"});
  await page.evaluate((hash) => { location.hash = hash; },
    encodeURIComponent(name));
  await details.waitFor({state: "visible"});
  await page.waitForTimeout(300);
  assert.ok(await inWindow());
  await page.goto(urlOf("matrix.html") + "#%");  // an invalid sequence
  await close(page);
});

test("the keyboard reaches everything, and focus is visible", async () => {
  const page = await open("matrix.html", {reducedMotion: "reduce"});
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.className),
    "skip");
  const reached = new Set();
  for (let i = 0; i < 60; ++i) {
    const seen = await page.evaluate(() => {
      const focused = document.activeElement;
      const style = getComputedStyle(focused);
      const box = focused.getBoundingClientRect();
      return {name: focused.name || focused.tagName,
        outlined: style.outlineStyle !== "none" &&
          parseFloat(style.outlineWidth) >= 2,
        inWindow: box.bottom > 0 && box.top < innerHeight && box.right > 0};
    });
    assert.ok(seen.outlined && seen.inWindow, JSON.stringify(seen));
    reached.add(seen.name);
    await page.keyboard.press("Tab");
  }
  for (const name of ["subject", "operation", "dtype", "is", "text", "A",
    "BUTTON", "SUMMARY", "DIV"]) {
    assert.ok(reached.has(name), `${name} is not reached`);
  }
  // A failure opens, and its text scrolls.
  const summary = page.locator(`${inWrong} .failures summary`).first();
  await summary.focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.tagName),
    "PRE");
  await close(page);
});

test("without scripts the page lacks only charts and filters", async () => {
  const page = await open("matrix.html", {javaScriptEnabled: false});
  assert.equal(await page.locator("noscript").isVisible(), true);
  assert.equal(await page.locator("tr[data-subject]").count() > 5, true);
  assert.equal(await page.locator(`${inWrong} .failures pre`).count(),
    wrong.failures.length);
  assert.equal(await page.locator("form, figure").count(), 0);
  await close(page);
});

test("text of subjects stays text, and no other script can run", async () => {
  for (const name of ["matrix.html", "hostile.html"]) {
    const page = await open(name);
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    assert.equal(await page.locator("img, b[id], i").count(), 0);
    assert.ok((await page.locator("h1, h2, nav a").allTextContents())
      .includes(harmful));
    // The policy holds even if markup is injected.
    const blocked = await page.evaluate(() => new Promise((resolve) => {
      addEventListener("securitypolicyviolation",
        (event) => resolve(event.effectiveDirective), {once: true});
      document.body.insertAdjacentHTML("beforeend",
        "<svg onload=\"hacked='late'\">");
      setTimeout(() => resolve("nothing"), 2000);
    }));
    assert.equal(blocked, "script-src-attr");
    assert.equal(await page.evaluate(() => globalThis.hacked), undefined);
    page.trouble = page.trouble.filter((words) =>
      !words.includes("Content Security Policy"));
    await close(page);
  }
  // Links work even for such a name.
  const page = await open("hostile.html");
  await page.locator(".failures summary").click();
  await page.locator(".failures p a").click();
  assert.equal(await page.locator("details[open] pre").count(), 1);
  assert.equal(decodeURIComponent(new URL(page.url()).hash.slice(1)),
    `${harmful}:${id}`);
  await close(page);
});

// Opens all details, and scrolls, so that all charts are drawn.
async function unfold(page) {
  await page.evaluate(async () => {
    for (const details of document.querySelectorAll("details")) {
      // A few failures are enough.
      if (!details.closest("li ~ li ~ li")) details.open = true;
    }
    for (let y = 0; y < document.body.scrollHeight; y += 600) {
      scrollTo(0, y);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    scrollTo(0, 0);
  });
}

for (const [name, options] of Object.entries({
  light: {colorScheme: "light"},
  dark: {colorScheme: "dark"},
  narrow: {colorScheme: "light", viewport: {width: 360, height: 720}},
})) {
  test(`${name}: accessible, and no wider than the viewport`, async () => {
    const large = await open("matrix.html", options);
    const dark = await large.evaluate(() => getComputedStyle(document.body)
      .backgroundColor.match(/\d+/g).every((part) => part < 128));
    assert.equal(dark, name === "dark");
    await unfold(large);
    await large.screenshot({path: file(`${name}-top.png`)});
    // Wide elements must scroll in their own box; lists those that do not.
    assert.deepEqual(await large.evaluate(() => {
      const {scrollWidth} = document.documentElement;
      if (scrollWidth <= innerWidth) return [];
      return [scrollWidth, ...[...document.querySelectorAll("body *")]
        .filter((element) => element.getBoundingClientRect().right > innerWidth)
        .map((element) => element.outerHTML.slice(0, 80)).slice(0, 5)];
    }), []);
    await close(large);

    const page = await open("small.html", options);
    await unfold(page);
    await page.screenshot({path: file(`${name}.png`), fullPage: true});
    // The policy does not apply to scripts of the developer tools.
    await page.evaluate(axe);
    const {violations} = await page.evaluate(() => globalThis.axe.run());
    assert.deepEqual(violations.map(({id, nodes}) =>
      `${id}: ${nodes.length}, as ${nodes[0].html.slice(0, 120)} ` +
      nodes[0].failureSummary), []);
    await close(page);
  });
}

test("ten subjects fit into two megabytes", () => {
  const script = /<script>[^]*<\/script>/.exec(
    readFileSync(file("matrix.html"), "utf8"))[0].length;
  const each = (statSync(file("matrix.html")).size - script) / 2;
  assert.ok(script + 10 * each < 2e6, `${script} + 10 ${each}`);
});
