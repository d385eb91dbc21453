"use strict";
const { report, view } = JSON.parse(document.getElementById("figures").textContent);

function head() {
  const { event, plan, rates } = report;
  at("title").textContent = `${report.preset}: ${event.title}`;
  document.title = `${report.preset} · ${event.title}`;
  at("subtitle").textContent = `${number(plan.buyers)} buyers over ${number(plan.duration_s)} s, ${plan.curve} arrivals, ${report.started_at.slice(0, 19)}Z`;
  const hold = report.latency.find((line) => line.step === "hold");
  tiles([
    [number(rates.units_sold), "tickets sold"], [number(rates.purchases), "purchases"], [number(rates.holds_per_s_peak) + "/s", "holds, peak"],
    [number(rates.holds_per_s) + "/s", "holds, mean"], [hold ? ms(hold.p50_ms) : "–", "hold p50"], [hold ? ms(hold.p99_ms) : "–", "hold p99"],
  ]);
  at("notes").textContent = report.notes.join(" ");
  at("footer").textContent = `usher-loadgen ${report.generator}, seed ${report.seed}, ${report.url}, event ${event.id}`;
}

function charts() {
  const line = (name, key, color) => ({ name, color, values: report.timeline.map((second) => second[key]) });
  chart("throughput", [line("arrivals/s", "arrived", "--three"), line("holds/s", "holds", "--two"), line("purchases/s", "purchases", "--one")], (value) => number(value));
  chart("overtime", [line("p99", "p99_ms", "--two"), line("p50", "p50_ms", "--one")], ms);
  chart("classes", [line("rejected/s", "rejected", "--three"), line("not now/s", "not_now", "--held"), line("unknown/s", "unknown", "--bad")], (value) => number(value));
}

function tables() {
  latencies(report.latency);
  table("answers", 3, ["step", "class", "code", "count"], report.answers.map((line) => [line.step, line.class.replace("_", " "), line.code || "–", number(line.count)]));
  verdict(report.audit);
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
