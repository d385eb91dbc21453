"use strict";
const { report, view } = JSON.parse(document.getElementById("figures").textContent);
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

function head() {
  const { event, plan, rates, audit } = report;
  at("title").textContent = `${report.preset}: ${event.title}`;
  document.title = `${report.preset} · ${event.title}`;
  at("subtitle").textContent = `${number(plan.buyers)} buyers over ${number(plan.duration_s)} s, ${plan.curve} arrivals, ${report.started_at.slice(0, 19)}Z`;
  at("verdict").textContent = audit.passed ? "Audit passed" : "Audit failed";
  at("verdict").classList.toggle("bad", !audit.passed);
  const hold = report.latency.find((line) => line.step === "hold");
  const tiles = [
    [number(rates.units_sold), "tickets sold"], [number(rates.purchases), "purchases"], [number(rates.holds_per_s_peak) + "/s", "holds, peak"],
    [number(rates.holds_per_s) + "/s", "holds, mean"], [hold ? ms(hold.p50_ms) : "–", "hold p50"], [hold ? ms(hold.p99_ms) : "–", "hold p99"],
  ];
  at("tiles").append(...tiles.map(([value, name]) => element("div", {}, element("b", {}, value), element("span", {}, name))));
  at("notes").textContent = report.notes.join(" ");
  at("footer").textContent = `usher-loadgen ${report.generator}, seed ${report.seed}, ${report.url}, event ${event.id}`;
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

function charts() {
  const line = (name, key, color) => ({ name, color, values: report.timeline.map((second) => second[key]) });
  chart("throughput", [line("arrivals/s", "arrived", "--three"), line("holds/s", "holds", "--two"), line("purchases/s", "purchases", "--one")], (value) => number(value));
  chart("overtime", [line("p99", "p99_ms", "--two"), line("p50", "p50_ms", "--one")], ms);
  chart("classes", [line("rejected/s", "rejected", "--three"), line("not now/s", "not_now", "--held"), line("unknown/s", "unknown", "--bad")], (value) => number(value));
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

function tables() {
  at("bars").append(...report.latency.filter((line) => line.count > 0).map(histogram));
  table("latency", 1, ["step", "count", "p50", "p90", "p99", "p99.9", "max"], report.latency.map((line) =>
    [line.step, number(line.count), ms(line.p50_ms), ms(line.p90_ms), ms(line.p99_ms), ms(line.p999_ms), ms(line.max_ms)]));
  table("answers", 3, ["step", "class", "code", "count"], report.answers.map((line) => [line.step, line.class.replace("_", " "), line.code || "–", number(line.count)]));
  at("audit").append(...report.audit.checks.map((check) => {
    const item = element("li", check.passed ? {} : { class: "bad" }, element("b", {}, check.passed ? "pass" : "FAIL"), check.name);
    item.append(element("small", {}, `${number(check.looked_at)} looked at`), ...check.violations.map((violation) => element("small", {}, violation)));
    return item;
  }));
}

function house() {
  const canvas = at("house"), context = canvas.getContext("2d"), scrub = at("scrub");
  const spread = (values) => values.reduce(([low, high], value) => [Math.min(low, value), Math.max(high, value)], [Infinity, -Infinity]);
  const [x0, x1] = spread([...view.x, ...view.areas.map((area) => area.x)]), [y0, y1] = spread([...view.y, ...view.areas.map((area) => area.y)]);
  const last = Math.max(1000, view.seats.length ? view.seats[view.seats.length - 1][0] : 0, view.standing.length ? view.standing[view.standing.length - 1][0] : 0);
  const letters = { f: 0, h: 1, s: 2, b: 3 }, states = new Uint8Array(view.x.length);
  const sold = new Array(view.areas.length).fill(0);
  let scale = 1, dx = 0, dy = 0, size = 1, next = 0, nextStanding = 0, shown = -1, palette = [], playing = null;
  scrub.max = last;

  function reset() {
    for (let seat = 0; seat < states.length; seat++) states[seat] = letters[view.before[seat]] ?? 0;
    view.areas.forEach((area, index) => { sold[index] = area.sold_before; });
    next = nextStanding = 0;
    shown = -1;
  }
  function seat(index) {
    context.fillStyle = palette[states[index]];
    context.fillRect(view.x[index] * scale + dx - size / 2, view.y[index] * scale + dy - size / 2, size, size);
  }
  function standing() {
    view.areas.forEach((area, index) => {
      const width = Math.min(220, canvas.width * 0.3), tall = 18 * (canvas.width / canvas.clientWidth);
      const left = Math.max(2, Math.min(canvas.width - width - 2, area.x * scale + dx - width / 2)), top = area.y * scale + dy - tall / 2;
      context.fillStyle = palette[0];
      context.fillRect(left, top, width, tall);
      context.fillStyle = palette[2];
      context.fillRect(left, top, width * Math.min(1, sold[index] / area.capacity), tall);
    });
    at("standing").textContent = view.areas.map((area, index) => `· ${area.name} ${number(sold[index])} of ${number(area.capacity)}`).join(" ")
      + (view.sampled > 1 ? ` · one of ${view.sampled} changes shown` : "");
  }
  function draw() {
    const width = canvas.clientWidth, tall = Math.max(180, Math.min(width * 0.8, width * ((y1 - y0 + 400) / (x1 - x0 + 400) || 0.5)));
    const density = window.devicePixelRatio || 1;
    canvas.width = width * density;
    canvas.height = tall * density;
    canvas.style.height = tall + "px";
    scale = Math.min(canvas.width / (x1 - x0 + 400), canvas.height / (y1 - y0 + 400));
    dx = canvas.width / 2 - ((x0 + x1) / 2) * scale;
    dy = canvas.height / 2 - ((y0 + y1) / 2) * scale;
    size = Math.max(1, 42 * scale);
    palette = ["--free", "--held", "--sold", "--blocked"].map(color);
    for (let index = 0; index < states.length; index++) seat(index);
    standing();
  }
  function show(moment) {
    if (moment < shown) { reset(); advance(moment, false); draw(); } else advance(moment, true);
    shown = moment;
    at("moment").textContent = number(moment / 1000, 1) + " s";
  }
  function advance(moment, paints) {
    for (; next < view.seats.length && view.seats[next][0] <= moment; next++) {
      const [, index, state] = view.seats[next];
      states[index] = state;
      if (paints) seat(index);
    }
    for (; nextStanding < view.standing.length && view.standing[nextStanding][0] <= moment; nextStanding++) sold[view.standing[nextStanding][1]] += view.standing[nextStanding][2];
    if (paints) standing();
  }
  function stop() {
    cancelAnimationFrame(playing);
    playing = null;
    at("play").textContent = "Play";
  }
  function play() {
    if (playing !== null) return stop();
    const from = Number(scrub.value) >= last ? 0 : Number(scrub.value), began = performance.now(), speed = Math.max(1, last / 20000);
    at("play").textContent = "Pause";
    const frame = (now) => {
      const moment = Math.min(last, from + (now - began) * speed);
      scrub.value = moment;
      show(moment);
      if (moment >= last) stop(); else playing = requestAnimationFrame(frame);
    };
    playing = requestAnimationFrame(frame);
  }
  at("play").addEventListener("click", play);
  scrub.addEventListener("input", () => { stop(); show(Number(scrub.value)); });
  window.addEventListener("resize", draw);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  reset();
  draw();
  scrub.value = last;
  show(last);
}

head();
charts();
tables();
house();
