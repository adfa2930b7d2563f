// SPDX-License-Identifier: Apache-2.0
// The script of the page: charts, filters, sorting, and links that open their
// targets. The page contains all data without it.
import {addCharts} from "./charts.js";
import {addFilters} from "./filters.js";
import {followLinks} from "./links.js";
import {readData} from "./data.js";
import {addSorting} from "./sorting.js";

const data = readData(document.getElementById("page-data").textContent);
addSorting();
const charts = addCharts(data);
const filters = addFilters((wanted) => charts.show(wanted));
followLinks(filters);
