// SPDX-License-Identifier: Apache-2.0
// The filters hide rows, cells, failures and points. The URL contains them, so
// that a view can be shared: #?dtype=f32&is=failed.

const kFilters = [
  {name: "subject", label: "Subject", all: "all subjects"},
  {name: "operation", label: "Operation", all: "all operations"},
  {name: "dtype", label: "Format", all: "all formats"},
  {name: "is", label: "Result", all: "any result"},
];

// The order of the options.
const kOrder = ["f64", "f32", "f16", "bf16", "f8e4m3fn", "f8e5m2", "passed",
  "failed", "beyond", "undecided", "missing", "unsupported", "correct",
  "faithful", "stable", "sequential", "unstable"];

function optionsOf(name) {
  const values = new Set();
  for (const element of document.querySelectorAll(`[data-${name}]`)) {
    const value = element.dataset[name];
    for (const word of name === "is" ? value.split(" ") : [value]) {
      if (word) values.add(word);
    }
  }
  const rank = (value) => kOrder.indexOf(value);
  return name === "subject" ? [...values]
    : [...values].sort((a, b) => rank(a) - rank(b) || a.localeCompare(b));
}

function labelled(text, control) {
  const label = document.createElement("label");
  label.append(text, control);
  return label;
}

function select({name, label, all}) {
  const control = document.createElement("select");
  control.name = name;
  control.append(new Option(all, ""));
  for (const value of optionsOf(name)) control.append(new Option(value, value));
  return {control, label: labelled(label, control)};
}

// Whether an element matches the filters for which it has an attribute.
function matches(element, wanted, names) {
  return names.every((name) => {
    const value = element.dataset[name];
    if (!wanted[name] || value === undefined) return true;
    return name === "is" ? value.split(" ").includes(wanted.is)
      : value === wanted[name];
  });
}

function applyToMatrix(wanted) {
  for (const row of document.querySelectorAll("tr[data-subject]")) {
    let any = false;
    for (const cell of row.querySelectorAll("[data-is]")) {
      const match = matches(cell, wanted, ["dtype", "is"]);
      cell.classList.toggle("faint", !match);
      any ||= match;
    }
    row.hidden = !any || !matches(row, wanted, ["subject", "operation"]);
  }
}

function applyToSubjects(wanted) {
  for (const element of document.querySelectorAll(
    "section[data-subject], nav [data-subject]")) {
    element.hidden = !matches(element, wanted, ["subject"]);
  }
  const text = wanted.text.toLowerCase();
  let failures = 0;
  let shown = 0;
  for (const element of document.querySelectorAll(
    "section [data-operation]:not([data-subject])")) {
    const searched = element.tagName === "LI" || element.querySelector("code");
    element.hidden = !matches(element, wanted, ["operation", "dtype", "is"]) ||
      (text !== "" && searched &&
       !element.textContent.toLowerCase().includes(text));
    if (element.tagName !== "LI") continue;
    ++failures;
    shown += !element.closest("[hidden]");
  }
  for (const row of document.querySelectorAll("tr[data-format]")) {
    row.hidden = wanted.dtype !== "" && row.dataset.format !== wanted.dtype;
  }
  return `${shown} of ${failures} failures are shown`;
}

export function addFilters(show) {
  const form = document.createElement("form");
  form.className = "filters";
  form.setAttribute("role", "search");
  form.setAttribute("aria-label", "Filters");
  const controls = {};
  for (const filter of kFilters) {
    const {control, label} = select(filter);
    // A single value leaves nothing to choose.
    if (control.options.length > 2) form.append(label);
    controls[filter.name] = control;
  }
  const text = document.createElement("input");
  text.type = "search";
  text.name = "text";
  text.autocomplete = "off";
  controls.text = text;
  const clear = document.createElement("button");
  clear.type = "reset";
  clear.textContent = "Clear";
  const status = document.createElement("output");
  status.setAttribute("role", "status");
  form.append(labelled("Text in a case", text), clear, status);
  document.querySelector("body > header").append(form);

  const wanted = () => Object.fromEntries(
    Object.entries(controls).map(([name, control]) => [name, control.value]));

  function apply() {
    const now = wanted();
    applyToMatrix(now);
    status.textContent = applyToSubjects(now);
    show(now);
  }
  function keep() {
    const chosen = Object.entries(wanted()).filter(([, value]) => value);
    history.replaceState(null, "", "#" +
      (chosen.length ? "?" + new URLSearchParams(chosen) : ""));
    apply();
  }
  function read() {
    if (!location.hash.startsWith("#?")) return;
    const chosen = new URLSearchParams(location.hash.slice(2));
    for (const [name, control] of Object.entries(controls)) {
      control.value = chosen.get(name) ?? "";
      // The URL may name a value that is not an option.
      if (control.selectedIndex === -1) control.value = "";
    }
    apply();
  }
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("input", keep);
  // The browser resets the controls after this event.
  form.addEventListener("reset", () => setTimeout(keep));
  addEventListener("hashchange", read);
  read();
  apply();
  return {
    clear() {
      for (const control of Object.values(controls)) control.value = "";
      apply();
    },
  };
}
