// SPDX-License-Identifier: Apache-2.0
// A link to a failure opens it, even if the filters hide it.

const targetOf = (hash) => {
  try {
    return document.getElementById(decodeURIComponent(hash.slice(1)));
  } catch {
    return null;  // an invalid "%" sequence
  }
};

function show(filters) {
  const target = targetOf(location.hash);
  if (!target || location.hash.startsWith("#?")) return;
  if (target.closest("[hidden]")) filters.clear();
  for (let at = target; at; at = at.parentElement) {
    if (at instanceof HTMLDetailsElement) at.open = true;
  }
  const focused = target.querySelector(":scope > summary") ?? target;
  if (focused === target && target.tabIndex < 0) target.tabIndex = -1;
  focused.focus({preventScroll: true});
  target.scrollIntoView({block: "start"});
}

export function followLinks(filters) {
  addEventListener("hashchange", () => show(filters));
  // A second click on the same link does not change the hash.
  addEventListener("click", (event) => {
    const link = event.target.closest?.("a[href^='#']");
    if (link && link.hash === location.hash) show(filters);
  });
  // On load the browser itself scrolls to the target, and takes the focus away.
  addEventListener("load", () => show(filters));
}
