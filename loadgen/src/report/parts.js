"use strict";
const at = (id) => document.getElementById(id);
const number = (value, digits = 0) => value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
const ms = (value) => (value >= 1000 ? number(value / 1000, 2) + " s" : number(value, value < 10 ? 2 : 0) + " ms");
const color = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

function element(name, attributes, ...children) {
  const made = name.startsWith("svg:") ? document.createElementNS("http://www.w3.org/2000/svg", name.slice(4)) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function chart(place, series, show) {
  const width = 760, height = 210, left = 52, bottom = 22;
  const length = Math.max(1, ...series.map((one) => one.values.length));
  const top = Math.max(1e-9, ...series.flatMap((one) => one.values));
  const x = (index) => left + (index / Math.max(1, length - 1)) * (width - left - 6);
  const y = (value) => 8 + (1 - value / top) * (height - bottom - 8);
  const svg = element("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  for (const part of [0, 0.5, 1]) {
    svg.append(element("svg:line", { x1: left, x2: width, y1: y(top * part), y2: y(top * part), class: "rule" }));
    svg.append(element("svg:text", { x: left - 8, y: y(top * part) + 4, "text-anchor": "end" }, show(top * part)));
  }
  for (let second = 0; second < length; second += Math.ceil(length / 8)) {
    svg.append(element("svg:text", { x: x(second), y: height - 4, "text-anchor": "middle" }, second + " s"));
  }
  for (const one of series) {
    const points = one.values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(" ");
    svg.append(element("svg:polyline", { points, fill: "none", stroke: `var(${one.color})`, "stroke-width": 2, "stroke-linejoin": "round" }));
  }
  const legend = element("p", { class: "legend" });
  for (const one of series) legend.append(element("i", { style: `background: var(${one.color})` }), one.name);
  at(place).append(svg, legend);
}

function histogram(line) {
  const width = 260, height = 96, slot = width / 29;
  const most = Math.max(...line.histogram.map(([, count]) => count), 1);
  const svg = element("svg:svg", { viewBox: `0 0 ${width} ${height}`, role: "img" });
  for (const [end, count] of line.histogram) {
    const index = Math.round(Math.log10(end / 0.1) * 4), tall = Math.max(1, (count / most) * 72);
    svg.append(element("svg:rect", { x: index * slot, y: 76 - tall, width: slot - 1, height: tall, rx: 1, fill: "var(--one)" },
      element("svg:title", {}, `up to ${ms(end)}: ${number(count)}`)));
  }
  [0.1, 1, 10, 100, 1000, 10000].forEach((mark) => svg.append(
    element("svg:text", { x: Math.log10(mark / 0.1) * 4 * slot, y: 92 }, mark < 1000 ? String(mark) : mark / 1000 + " s")));
  return element("div", {}, element("h3", {}, `${line.step} (ms)`), svg);
}

/** The first `texts` columns are words, the others figures. */
function table(place, texts, heads, rows) {
  const cells = (values, name) => values.map((value, column) => element(name, column < texts ? { class: "text" } : {}, String(value)));
  at(place).append(element("table", {}, element("thead", {}, element("tr", {}, ...cells(heads, "th"))),
    element("tbody", {}, ...rows.map((row) => element("tr", {}, ...cells(row, "td"))))));
}

function latencies(lines) {
  at("bars").append(...lines.filter((line) => line.count > 0).map(histogram));
  table("latency", 1, ["step", "count", "p50", "p90", "p99", "p99.9", "max"], lines.map((line) =>
    [line.step, number(line.count), ms(line.p50_ms), ms(line.p90_ms), ms(line.p99_ms), ms(line.p999_ms), ms(line.max_ms)]));
}

function verdict(audit) {
  at("verdict").textContent = audit.passed ? "Audit passed" : "Audit failed";
  at("verdict").classList.toggle("bad", !audit.passed);
  at("audit").append(...audit.checks.map((check) => {
    const item = element("li", check.passed ? {} : { class: "bad" }, element("b", {}, check.passed ? "pass" : "FAIL"), check.name);
    item.append(element("small", {}, `${number(check.looked_at)} looked at`), ...check.violations.map((violation) => element("small", {}, violation)));
    return item;
  }));
}

function tiles(all) {
  at("tiles").append(...all.map(([value, name]) => element("div", {}, element("b", {}, value), element("span", {}, name))));
}
