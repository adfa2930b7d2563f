// SPDX-License-Identifier: Apache-2.0
// The charts of each subject, drawn when they approach the viewport: a page may
// have thousands of points.
import {etaCharts, gradeKey} from "./eta_charts.js";
import {ulpChart} from "./ulp_chart.js";

// The points that match the filters.
function pointsOf(subject, {operation, dtype, is, text}) {
  const part = text.toLowerCase();
  return subject.points.filter((p) =>
    (!operation || p.operation === operation) &&
    (!dtype || p.dtype === dtype) &&
    (!is || p.grade === is || p.verdict === is) &&
    p.case.toLowerCase().includes(part));
}

// A box of charts, which redraws them when their data or width have changed.
class Box {
  #element;
  #subject;
  #name;
  #wanted = null;
  #drawn = null;  // the filters and the width of the drawn charts
  #near = false;

  constructor(element, subject, name) {
    this.#element = element;
    this.#subject = subject;
    this.#name = name;
  }
  show(wanted) {
    this.#wanted = wanted;
    this.draw();
  }
  set near(near) {
    this.#near = near;
    this.draw();
  }
  draw() {
    const width = this.#element.clientWidth;
    if (!this.#near || !this.#wanted || width === 0) return;
    const state = JSON.stringify([this.#wanted, width]);
    if (state === this.#drawn) return;
    this.#drawn = state;
    if (this.#element.dataset.charts === "ulp") {
      const {dtype} = this.#wanted;
      this.#element.replaceChildren(ulpChart(this.#subject.histograms.filter(
        (h) => !dtype || h.dtype === dtype), width));
    } else {
      const points = pointsOf(this.#subject, this.#wanted);
      const two = getComputedStyle(this.#element).gridTemplateColumns
        .split(" ").map(parseFloat);
      this.#element.replaceChildren(
        gradeKey(), ...etaCharts(points, two[0], this.#name));
    }
  }
}

export function addCharts(data) {
  const boxes = new Map();
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      boxes.get(entry.target).near = entry.isIntersecting;
    }
  }, {rootMargin: "800px"});
  const size = new ResizeObserver((entries) => {
    for (const entry of entries) boxes.get(entry.target).draw();
  });
  for (const element of document.querySelectorAll("[data-charts]")) {
    const name = element.closest("[data-subject]").dataset.subject;
    boxes.set(element, new Box(element, data.get(name), name));
    near.observe(element);
    size.observe(element);
  }
  // Printing needs all of them.
  addEventListener("beforeprint", () => {
    for (const box of boxes.values()) box.near = true;
  });
  return {
    show(wanted) {
      for (const box of boxes.values()) box.show(wanted);
    },
  };
}
