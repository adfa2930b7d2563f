// SPDX-License-Identifier: Apache-2.0
// What the page can do with a script: charts, filters, sorting, and links that
// open what they lead to. All that it shows is in the page without it.
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
