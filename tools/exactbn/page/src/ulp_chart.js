// SPDX-License-Identifier: Apache-2.0
// Histograms of the errors in ulp, by output and format.
import * as Plot from "@observablehq/plot";
import {figure, grouped, power} from "./figure.js";

const kFormats = ["f64", "f32", "f16", "bf16", "f8e4m3fn", "f8e5m2"];
const kBins = 27;
const kUnlike = kBins + 1;  // a gap keeps it from the others

// The bins with a label on the axis.
const kTicks = new Map([[0, "0"], [5, "16"], [13, "4096"], [21, "2\u00b2\u2070"],
  [kUnlike, "NaN"]]);

export function ulpChart(histograms, width) {
  const formats = kFormats.filter((f) => histograms.some((h) => h.dtype === f));
  const outputs = [...new Set(histograms.map((h) => h.output))];
  const bars = histograms.flatMap(({output, dtype, unlike, bins}) =>
    [...bins, {bin: kUnlike, count: unlike}]
      .filter(({count}) => count > 0)
      .map(({bin, count, most}) => ({output, dtype, bin, count, most})));
  const all = bars.reduce((sum, {count}) => sum + count, 0);
  const right = bars.filter(({bin}) => bin === 0)
    .reduce((sum, {count}) => sum + count, 0);
  const top = Math.max(10, ...bars.map(({count}) => count));
  const narrow = width / formats.length < 160;
  const said = all === 0 ? "No values."
    : `${(100 * right / all).toFixed(1)}% of ${grouped(all)} values are ` +
      "correctly rounded.";
  const svg = Plot.plot({
    width, height: 46 * Math.max(1, outputs.length) + 64,
    marginLeft: 96, marginRight: 8, marginBottom: 36, marginTop: 24,
    style: {fontSize: "12px", fontFamily: "inherit"},
    fx: {domain: formats, label: null, axis: "top", padding: 0.08},
    fy: {domain: outputs, label: null, axis: "left", padding: 0.2},
    x: {type: "band", domain: Array.from({length: kUnlike + 1}, (_, i) => i),
      padding: 0.1, axis: null},
    y: {type: "log", domain: [0.7, top], axis: null},
    marks: [
      Plot.barY(bars, {fx: "dtype", fy: "output", x: "bin", y1: 0.7,
        y2: "count",
        fill: ({bin}) => bin === kUnlike ? "var(--unstable)" : "var(--stable)",
        title: ({output, dtype, bin, count, most}) =>
          `${output} ${dtype}: ${grouped(count)} values ` +
          (bin === kUnlike ? "NaN or infinite on one side only"
            : bin === 0 ? "correctly rounded"
              : most === null ? "further off" : `up to ${power(most)} off`),
        tip: {fill: "var(--paper)", stroke: "var(--soft)"}}),
      Plot.ruleY([0.7], {stroke: "var(--soft)"}),
      Plot.axisX([...kTicks.keys()].filter((t) => !narrow || t % 13 === 0), {
        facetAnchor: "bottom", tickSize: 3, labelArrow: "none",
        label: "steps from the correctly rounded value",
        labelAnchor: "center", tickFormat: (bin) => kTicks.get(bin)}),
    ],
  });
  return figure("Values by their distance in ulp", said + " Heights are " +
    "logarithmic: a single value is visible beside a million.", svg,
    "Histograms of the errors in ulp, a row per output, a column per format. " +
    said + " The table that follows has the same.");
}
