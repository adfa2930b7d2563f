// SPDX-License-Identifier: Apache-2.0
// Eta against kappa, which shows a variance of one pass, and against m, which
// shows long sums in a short format.
import * as Plot from "@observablehq/plot";
import {figure, grouped, power} from "./figure.js";

const kGrades = ["correct", "faithful", "stable", "sequential", "unstable"];
// Shapes of lines alone: thousands of them lie upon each other.
const kSymbols = ["circle", "diamond2", "triangle2", "square2", "times"];
const kLeast = 0.01;  // what is below is drawn there

const colour = (grade) => `var(--${grade})`;
const short = (value) => value.toPrecision(3).replace(/\.?0+(?=e|$)/, "");

export function gradeKey() {
  const list = document.createElement("ul");
  list.className = "key";
  kGrades.forEach((grade, i) => {
    const item = document.createElement("li");
    const mark = Plot.plot({
      width: 14, height: 14, margin: 0, axis: null,
      x: {domain: [0, 1]}, y: {domain: [0, 1]},
      marks: [Plot.dot([0], {x: 0.5, y: 0.5, r: 4, strokeWidth: 1.5,
        symbol: kSymbols[i], stroke: colour(grade)})],
    });
    mark.setAttribute("aria-hidden", "true");
    item.append(mark, grade);
    list.append(item);
  });
  return list;
}

const decades = (from, to) => {
  const list = [];
  for (let value = from; value <= to * 1.0001; value *= 10) {
    list.push(Number(value.toPrecision(6)));
  }
  const step = Math.ceil(list.length / 8);
  return list.filter((_, i) => i % step === 0);
};
const ceiling = (value) => 10 ** Math.ceil(Math.log10(value) - 1e-9);

function titleOf(p) {
  const eta = p.eta === Infinity ? "not the same kind of value"
    : `eta ${short(p.eta)}`;
  const kappa = p.kappa === null ? "" : `, kappa ${short(p.kappa)}`;
  return `${p.case}\n${p.operation} ${p.dtype}, ${p.output}\n` +
    `${eta} (${p.grade})\nm ${p.m}${kappa}` +
    (p.verdict === "failed" ? "\nclick: the failure" : "");
}

// `curves`: [{label, at}] the limits; `x`: the measure of a point.
function scatter(points, {x, label, least, width, curves, subject}) {
  const finite = points.filter((p) => p.eta !== Infinity).map((p) => p.eta);
  const most = ceiling(Math.max(1000, ...finite));
  const hasOthers = finite.length < points.length;
  const top = hasOthers ? most * 10 : most;
  const end = ceiling(Math.max(least * 100, ...points.map(x)));
  const place = (p) => Math.max(kLeast, Math.min(p.eta, top));
  const ticks = decades(kLeast, most);
  if (hasOthers) ticks.push(top);
  const sorted = [...points].sort((a, b) =>
    kGrades.indexOf(a.grade) - kGrades.indexOf(b.grade));
  const across = (p) => Math.max(least, x(p));
  const samples = decades(least, end);
  const svg = Plot.plot({
    width, height: Math.max(260, Math.min(360, width * 0.7)),
    marginLeft: 52, marginBottom: 40, marginRight: 16,
    style: {fontSize: "12px", fontFamily: "inherit", overflow: "visible"},
    x: {type: "log", domain: [least, end], label, labelArrow: "none",
      labelAnchor: "center", ticks: decades(least, end),
      tickFormat: (v) => (v === least && least < 1 ? "\u2264 " : "") +
        power(v)},
    y: {type: "log", domain: [kLeast, top], label: "eta", labelArrow: "none",
      ticks, tickFormat: (v) => hasOthers && v === top ? "unlike"
        : v === kLeast ? "\u2264 0.01" : power(v)},
    symbol: {domain: kGrades, range: kSymbols},
    marks: [
      Plot.gridY(ticks, {stroke: "var(--line)", strokeOpacity: 1}),
      Plot.ruleY([kLeast], {stroke: "var(--soft)"}),
      curves.map(({at, dash}) => Plot.line(samples, {
        x: (v) => v, y: at, stroke: "var(--curve)", strokeWidth: 1.25,
        strokeDasharray: dash, clip: true})),
      Plot.dot(sorted, {x: across, y: place, symbol: "grade",
        stroke: (p) => colour(p.grade), r: 3, strokeWidth: 1.1,
        strokeOpacity: 0.85}),
      curves.map(({at, name, side}) => Plot.text([end], {
        x: (v) => v, y: at, text: () => name, textAnchor: "end",
        lineAnchor: side, dy: side === "bottom" ? -4 : 4,
        fill: "var(--ink)", stroke: "var(--paper)", strokeWidth: 4})),
      Plot.tip(sorted, Plot.pointer({x: across, y: place, title: titleOf,
        fill: "var(--paper)", stroke: "var(--soft)", maxRadius: 24})),
    ],
  });
  svg.addEventListener("click", () => {
    if (svg.value?.verdict !== "failed") return;
    location.hash = encodeURIComponent(`${subject}:${svg.value.case}`);
  });
  return svg;
}

// What a reader sees of it, in words.
function described(points, x, name) {
  if (points.length === 0) return "No outputs.";
  const worst = points.reduce((a, b) => (b.eta > a.eta ? b : a));
  const eta = worst.eta === Infinity
    ? "is no number of the kind that is wanted" : `is ${short(worst.eta)}`;
  return `${grouped(points.length)} outputs. The worst eta ${eta}, at ${name} ` +
    `${short(x(worst))}, in ${worst.output} of ${worst.case}.`;
}

const kStable = {at: () => 8, name: "stable: 8", side: "top", dash: "none"};

export function etaCharts(points, width, subject) {
  const conditioned = points.filter((p) => p.kappa !== null);
  const kappa = (p) => p.kappa;
  const m = (p) => p.m;
  const ofKappa = described(conditioned, kappa, "kappa");
  const ofM = described(points, m, "m");
  return [
    figure("eta against kappa", ofKappa + " Sound algorithms stay level; a " +
      "variance of one pass rises to the right.",
      scatter(conditioned, {x: kappa, label: "kappa", least: 0.1, width,
        subject, curves: [{...kStable, side: "bottom"}]}),
      "Scatter plot of eta against kappa, both logarithmic. " + ofKappa +
      " The table that follows has the same."),
    figure("eta against m", ofM + " Sums in a short format rise with the " +
      "number of values.",
      scatter(points, {x: m, label: "m", least: 1, width, subject,
        curves: [kStable, {at: (v) => 8 + 2 * Math.sqrt(v), dash: "5 3",
          name: "sequential: 8 + 2\u221am", side: "bottom"}]}),
      "Scatter plot of eta against m, both logarithmic. " + ofM +
      " The table that follows has the same."),
  ];
}
