// SPDX-License-Identifier: Apache-2.0
// A chart with its heading and its caption.

export function figure(heading, caption, svg, description) {
  const box = document.createElement("figure");
  const title = document.createElement("h4");
  title.textContent = heading;
  const words = document.createElement("figcaption");
  words.textContent = caption;
  // The chart is one image: its parts have no labels.
  for (const part of svg.querySelectorAll("[aria-label]")) {
    part.dataset.mark = part.getAttribute("aria-label");
    part.removeAttribute("aria-label");
  }
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", description);
  box.append(title, words, svg);
  return box;
}

// 1234567 as "1,234,567".
export const grouped = (n) => n.toLocaleString("en");

// Powers of ten, with superscripts.
const kDigits = "\u2070\u00b9\u00b2\u00b3\u2074\u2075\u2076\u2077\u2078\u2079";
export function power(value) {
  const exponent = Math.round(Math.log10(value));
  if (exponent >= -2 && exponent <= 3) return grouped(value);
  return "10" + [...String(exponent)]
    .map((c) => (c === "-" ? "\u207b" : kDigits[c])).join("");
}
