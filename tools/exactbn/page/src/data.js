// SPDX-License-Identifier: Apache-2.0
// Reads what page_data.h describes.

// By the name of the subject: points, each of an output of a case, and
// histograms, each of an output and format.
export function readData(text) {
  const {words, bins, subjects} = JSON.parse(text);
  const word = (i) => words[i];
  return new Map(subjects.map(({name, cases, points, histograms}) => [name, {
    points: points.map(([index, output, grade, eta, kappa]) => {
      const [id, operation, dtype, m, verdict] = cases[index];
      return {
        case: id, operation: word(operation), dtype: word(dtype), m, kappa,
        verdict: word(verdict), output: word(output), grade: word(grade),
        // Only numbers that are no number have none.
        eta: eta ?? Infinity,
      };
    }),
    histograms: histograms.map(([output, dtype, ...counts]) => ({
      output: word(output), dtype: word(dtype), unlike: counts.pop(),
      bins: counts.map((count, bin) => ({bin, count, most: bins[bin]})),
    })),
  }]));
}
