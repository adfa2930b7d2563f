// SPDX-License-Identifier: Apache-2.0
// Reads the JSON that data.h describes.

// A map by name of the subject: points, one per output of a case, and
// histograms, one per output and format.
export function readData(text) {
  const {words, bins, subjects} = JSON.parse(text);
  const word = (i) => words[i];
  return new Map(subjects.map(({name, cases, points, histograms}) => [name, {
    points: points.map(([index, output, grade, eta, kappa]) => {
      const [id, operation, dtype, m, verdict] = cases[index];
      return {
        case: id, operation: word(operation), dtype: word(dtype), m, kappa,
        verdict: word(verdict), output: word(output), grade: word(grade),
        // JSON has no infinity: it is null there.
        eta: eta ?? Infinity,
      };
    }),
    histograms: histograms.map(([output, dtype, ...counts]) => ({
      output: word(output), dtype: word(dtype), unlike: counts.pop(),
      bins: counts.map((count, bin) => ({bin, count, most: bins[bin]})),
    })),
  }]));
}
