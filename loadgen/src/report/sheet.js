"use strict";
const sheet = JSON.parse(document.getElementById("figures").textContent);
const units = { number: (value) => number(value), ms };
const colors = ["--one", "--two", "--three", "--held", "--bad"];

at("title").textContent = document.title = sheet.title;
at("subtitle").textContent = sheet.subtitle;
at("notes").textContent = sheet.notes.join(" ");
at("footer").textContent = sheet.footer;
tiles(sheet.tiles);
sheet.charts.forEach((one, index) => {
  at("charts").append(element("section", {}, element("h2", {}, one.title), element("div", { id: `chart-${index}`, class: "chart" })));
  chart(`chart-${index}`, one.series.map((series, at) => ({ ...series, color: colors[at % colors.length] })), units[one.unit]);
});
latencies(sheet.latency);
sheet.tables.forEach((one, index) => {
  at("tables").append(element("section", {}, element("h2", {}, one.title), element("div", { id: `table-${index}`, class: "wide" })));
  table(`table-${index}`, one.texts, one.heads, one.rows);
});
verdict(sheet.audit);
