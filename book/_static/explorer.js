/* The scenario explorer: the reader moves numbers and sees net benefit with its band at once.
   `netBenefit` repeats analysis/scenarios/explorer.py line by line; a test holds the two together.
   All words stand in the page. Without this script the page shows a table instead. */
"use strict";
(() => {
  const PAUSE = 600; // milliseconds of rest before the answer is read aloud
  const PREFIX = "#explorer?";
  const [WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM] = [640, 260, 70, 12, 12, 42];

  const netBenefit = (given) => {
    const r = given.rate / 100;
    const annuity = r === 0 ? given.years : (1 - (1 + r) ** -given.years) / r;
    const share = ((given.hours / 24) * given.value_of_day) / 100;
    // A factor f stands for a 95% interval from 1/f to f times the value, so the z of both cancel.
    const spread = Math.hypot(Math.log(given.hours_factor), Math.log(given.value_factor));
    const yearly = (s) => given.covered * (s + (given.elasticity * s * s) / 2);
    const net = (s) => annuity * (yearly(s) - given.running) - given.setup;
    const needed = given.covered ? (given.running + given.setup / annuity) / given.covered : Infinity;
    const root = given.covered ? (2 * needed) / (1 + Math.sqrt(1 + 2 * given.elasticity * needed)) : Infinity;
    return {
      net: net(share),
      low: net(share * Math.exp(-spread)),
      high: net(share * Math.exp(spread)),
      yearly: yearly(share),
      even: given.value_of_day ? (root * 24 * 100) / given.value_of_day : Infinity,
    };
  };

  /* Three digits that count, as everywhere in the report. */
  const write = (value, signed) => {
    if (!Number.isFinite(value)) return "";
    const exponent = value === 0 ? 2 : Number(Math.abs(value).toExponential(2).split("e")[1]);
    const digits = Math.min(6, Math.max(0, 2 - exponent));
    const text = Math.abs(value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    return (value < 0 ? "\u2212" : signed && value > 0 ? "+" : "") + text;
  };

  const draw = (name, attributes, text = "") => {
    const element = document.createElementNS("http://www.w3.org/2000/svg", name);
    Object.entries(attributes).forEach(([key, value]) => element.setAttribute(key, value));
    element.textContent = text;
    return element;
  };

  const ticks = (low, high) => {
    const rough = (high - low) / 4;
    const power = 10 ** Math.floor(Math.log10(rough));
    const step = [1, 2, 2.5, 5, 10].find((one) => one * power >= rough) * power;
    const found = [];
    for (let n = Math.ceil(low / step); n * step <= high; n += 1) found.push(n * step);
    return found;
  };

  const chart = (svg, given, found) => {
    const most = Math.max(1, 2 * given.hours);
    const at = Array.from({ length: 41 }, (_, n) => (most * n) / 40);
    const rows = at.map((hours) => netBenefit({ ...given, hours }));
    const floor = Math.min(0, ...rows.map((row) => row.low));
    const wanted = Math.max(0, 1.25 * found.high, rows[40].net);
    const roof = wanted > floor ? wanted : floor + 1;
    const x = (hours) => LEFT + ((WIDTH - LEFT - RIGHT) * hours) / most;
    const y = (value) => HEIGHT - BOTTOM - ((HEIGHT - TOP - BOTTOM) * (Math.min(value, roof) - floor)) / (roof - floor);
    const path = (key) => at.map((hours, n) => `${x(hours).toFixed(1)},${y(rows[n][key]).toFixed(1)}`);
    const parts = [draw("polygon", { class: "band", points: [...path("low"), ...path("high").reverse()].join(" ") })];
    ticks(floor, roof).forEach((value) => {
      parts.push(draw("line", { class: value === 0 ? "zero" : "grid", x1: LEFT, x2: WIDTH - RIGHT, y1: y(value), y2: y(value) }));
      parts.push(draw("text", { x: LEFT - 6, y: y(value) + 4, "text-anchor": "end" }, write(value, true)));
    });
    ticks(0, most).forEach((hours) => {
      parts.push(draw("text", { x: x(hours), y: HEIGHT - BOTTOM + 16, "text-anchor": "middle" }, String(Number(hours.toFixed(6)))));
    });
    parts.push(draw("polyline", { class: "net", points: path("net").join(" ") }));
    parts.push(draw("line", { class: "range", x1: x(given.hours), x2: x(given.hours), y1: y(found.low), y2: y(found.high) }));
    parts.push(draw("circle", { class: "now", cx: x(given.hours), cy: y(found.net), r: 5 }));
    parts.push(draw("text", { x: (LEFT + WIDTH - RIGHT) / 2, y: HEIGHT - 6, "text-anchor": "middle" }, svg.dataset.x));
    parts.push(draw("text", { class: "side", x: 0, y: 0, "text-anchor": "middle", transform: `translate(12 ${(HEIGHT - BOTTOM + TOP) / 2}) rotate(-90)` }, svg.dataset.y));
    svg.replaceChildren(...parts);
  };

  const start = (box) => {
    const form = box.querySelector("form");
    const all = [...form.querySelectorAll("[data-field]")].map((field) => ({
      id: field.dataset.field,
      slider: field.querySelector("input[type=range]"),
      number: field.querySelector("input[type=number]"),
    }));
    const first = Object.fromEntries(all.map(({ id, number }) => [id, Number(number.defaultValue)]));
    const spoken = form.querySelector("[role=status]");
    const link = form.querySelector(".explorer-link");
    let waiting = 0;

    const show = (given) => {
      const found = netBenefit(given);
      Object.entries(found).forEach(([key, value]) => {
        box.dataset[key] = String(value);
        form.querySelector(`[data-out="${key}"]`).textContent = write(value, !["yearly", "even"].includes(key));
      });
      const where = found.low > 0 ? "above" : found.high < 0 ? "below" : "across";
      form.querySelectorAll("[data-verdict]").forEach((one) => { one.hidden = one.dataset.verdict !== where; });
      const some = Number.isFinite(found.even) ? "some" : "none";
      form.querySelectorAll("[data-even]").forEach((one) => { one.hidden = one.dataset.even !== some; });
      chart(form.querySelector("svg"), given, found);
      const moved = all.filter(({ id }) => given[id] !== first[id]).map(({ id }) => `${id}=${given[id]}`);
      link.href = moved.length ? PREFIX + moved.join("&") : "#explorer";
    };

    const aloud = () => {
      const sentences = [...form.querySelectorAll(".explorer-answer > p:not(.visually-hidden, [hidden])")];
      spoken.textContent = sentences.map((one) => one.innerText.trim()).join(" ");
    };

    const update = (by) => {
      const wrong = all.filter(({ number }) => !number.checkValidity());
      all.forEach(({ number }) => { number.setAttribute("aria-invalid", String(wrong.some((one) => one.number === number))); });
      form.querySelector(".explorer-wrong").hidden = wrong.length === 0;
      if (wrong.length === 0) show(Object.fromEntries(all.map(({ id, number }) => [id, Number(number.value)])));
      if (!by) return;
      if (wrong.length === 0) history.replaceState(null, "", link.getAttribute("href"));
      clearTimeout(waiting);
      waiting = setTimeout(aloud, PAUSE);
    };

    const read = () => {
      if (!location.hash.startsWith(PREFIX)) return;
      const chosen = new URLSearchParams(location.hash.slice(PREFIX.length));
      all.forEach(({ id, slider, number }) => {
        const value = chosen.get(id);
        number.value = value !== null && value.trim() !== "" && Number.isFinite(Number(value)) ? value : first[id];
        if (!number.checkValidity()) number.value = first[id];
        slider.value = number.value;
        if (number.closest("details") && Number(number.value) !== first[id]) number.closest("details").open = true;
      });
      update(false);
      box.scrollIntoView();
    };

    all.forEach(({ slider, number }) => {
      slider.addEventListener("input", () => { number.value = slider.value; update(true); });
      number.addEventListener("input", () => { slider.value = number.value; update(true); });
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(() => update(true)));
    addEventListener("hashchange", read);
    form.hidden = false;
    all.forEach(({ slider, number }) => { number.value = number.defaultValue; slider.value = slider.defaultValue; });
    update(false);
    read();
  };

  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".explorer").forEach(start));
})();
