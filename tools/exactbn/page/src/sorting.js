// SPDX-License-Identifier: Apache-2.0
// Tables are sorted by the buttons in their headings.

const keyOf = (row, column) => {
  const cell = row.cells[column];
  return cell.dataset.sort ?? cell.textContent;
};

function compare(a, b) {
  const [x, y] = [Number(a), Number(b)];
  if (a === "" || b === "" || Number.isNaN(x) || Number.isNaN(y)) {
    return a.localeCompare(b, "en", {numeric: true});
  }
  return x < y ? -1 : x > y ? 1 : 0;
}

function sort(table, heading) {
  const descending = heading.getAttribute("aria-sort") === "ascending";
  for (const other of heading.parentElement.cells) {
    other.removeAttribute("aria-sort");
  }
  heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
  const body = table.tBodies[0];
  const column = heading.cellIndex;
  const rows = [...body.rows].sort((a, b) =>
    compare(keyOf(a, column), keyOf(b, column)));
  body.append(...(descending ? rows.reverse() : rows));
}

export function addSorting() {
  for (const table of document.querySelectorAll("table")) {
    for (const heading of table.tHead.rows[0].cells) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      button.addEventListener("click", () => sort(table, heading));
      heading.append(button);
    }
  }
}
