// SPDX-License-Identifier: Apache-2.0
// Eta against kappa, which shows a one-pass variance, and against m, which
// shows long sums in low precision.
import * as Plot from "@observablehq/plot";
import {figure, grouped, power} from "./figure.js";

const kGrades = ["correct", "faithful", "stable", "sequential", "unstable"];
// Outlines, not filled: thousands of them overlap.
const kSymbols = ["circle", "diamond2", "triangle2", "square2", "times"];
// Points beyond these limits are drawn at the limit: no f32 is decided beyond a
// kappa of 10^8, and an eta of 10^8 is as wrong as a larger one.
const kLeast = 0.01;
const kMost = 1e8;

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

// About eight decades at most, with both ends.
const decades = (from, to) => {
  const count = Math.round(Math.log10(to / from));
  const step = Math.ceil(count / 8);
  return Array.from({length: count + 1}, (_, i) => i)
    .filter((i) => (count - i) % step === 0 || i === 0)
    .map((i) => Number((from * 10 ** i).toPrecision(6)));
};
const ceiling = (value) => 10 ** Math.ceil(Math.log10(value) - 1e-9);

function titleOf(p) {
  const eta = p.eta === Infinity ? "not the same kind of value"
    : `eta ${short(p.eta)}`;
  const kappa = p.kappa === null ? "" : `, kappa ${short(p.kappa)}`;
  return `${p.case}\n${p.operation} ${p.dtype}, ${p.output}\n` +
    `${eta} (${p.grade})\nm ${p.m}${kappa}` +
    (p.verdict === "failed" ? "\nclick to open the failure" : "");
}

const kUnlike = kMost * 100;

// An axis of powers of ten. Its ends are marked if points lie beyond them.
function axis(values, least, most) {
  const finite = values.filter((v) => v !== Infinity);
  const end = Math.min(kMost, ceiling(Math.max(most, ...finite)));
  const isCut = finite.some((v) => v > end);
  return {
    domain: [least, end], ticks: decades(least, end),
    place: (v) => Math.max(least, Math.min(v, end)),
    name: (v) => (v === least && least < 1 ? "\u2264 "
      : v === end && isCut ? "\u2265 " : "") + power(v),
  };
}

// `x`: the measure of a point on the x axis. `curves`: the limits, each with a
// name and `at`, its eta at a value of x.
function scatter(points, {x, label, least, width, curves, subject}) {
  const up = axis(points.map((p) => p.eta), kLeast, 1000);
  const along = axis(points.map(x), least, least * 100);
  const end = along.domain[1];
  const isUnlike = (p) => p.eta === Infinity;
  const top = points.some(isUnlike) ? kUnlike : up.domain[1];
  const place = (p) => isUnlike(p) ? top : up.place(p.eta);
  const across = (p) => along.place(x(p));
  const ticks = up.ticks.concat(top === kUnlike ? [top] : []);
  const sorted = [...points].sort((a, b) =>
    kGrades.indexOf(a.grade) - kGrades.indexOf(b.grade));
  const samples = Array.from({length: 41}, (_, i) => least *
    (end / least) ** (i / 40));
  const svg = Plot.plot({
    width, height: Math.max(260, Math.min(360, width * 0.7)),
    marginLeft: 60, marginBottom: 40, marginRight: 28, marginTop: 32,
    style: {fontSize: "12px", fontFamily: "inherit", overflow: "visible"},
    x: {type: "log", domain: along.domain, label, labelArrow: "none",
      labelAnchor: "center", ticks: along.ticks, tickFormat: along.name},
    y: {type: "log", domain: [kLeast, top], label: "eta", labelArrow: "none",
      ticks, tickFormat: (v) => v === kUnlike ? "unlike" : up.name(v)},
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

// The chart in words.
function described(points, x, name) {
  if (points.length === 0) return "No outputs.";
  const finite = points.filter((p) => p.eta !== Infinity);
  const unlike = points.length - finite.length;
  let text = `${grouped(points.length)} outputs.`;
  if (finite.length > 0) {
    const worst = finite.reduce((a, b) => (b.eta > a.eta ? b : a));
    text += ` The worst eta is ${short(worst.eta)}, at ${name} ` +
      `${short(x(worst))}, in ${worst.output} of ${worst.case}.`;
  }
  if (unlike > 0) {
    text += ` Unlike: ${grouped(unlike)} with a value that is NaN or ` +
      "infinite where the exact one is not, or the reverse.";
  }
  return text;
}

const kStable = {at: () => 8, name: "stable: 8", side: "top", dash: "none"};

export function etaCharts(points, width, subject) {
  const conditioned = points.filter((p) => p.kappa !== null);
  const kappa = (p) => p.kappa;
  const m = (p) => p.m;
  const ofKappa = described(conditioned, kappa, "kappa");
  const ofM = described(points, m, "m");
  return [
    figure("eta against kappa", ofKappa + " Stable algorithms stay level; a " +
      "one-pass variance rises to the right.",
      scatter(conditioned, {x: kappa, label: "kappa", least: 0.1, width,
        subject, curves: [{...kStable, side: "bottom"}]}),
      "Scatter plot of eta against kappa, both logarithmic. " + ofKappa +
      " The table that follows has the same."),
    figure("eta against m", ofM + " Sums in low precision rise with the " +
      "number of values.",
      scatter(points, {x: m, label: "m", least: 1, width, subject,
        curves: [kStable, {at: (v) => 8 + 2 * Math.sqrt(v), dash: "5 3",
          name: "sequential: 8 + 2\u221am", side: "bottom"}]}),
      "Scatter plot of eta against m, both logarithmic. " + ofM +
      " The table that follows has the same."),
  ];
}
