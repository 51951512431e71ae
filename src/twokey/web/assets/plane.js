"use strict";
// The plane: areas of the law under the chips of a day, and a slider through the days on which something changes.
(() => {
  const SYMBOLS = { open: "circle", conditional: "diamond", shut: "x", undetermined: "square-open" };
  const NAMED = ["nvidia-h20", "nvidia-h100", "nvidia-a100", "nvidia-h800", "nvidia-rtx-4090", "nvidia-b200", "amd-mi308x", "amd-mi300x", "huawei-ascend-910c", "nvidia-h200", "nvidia-l20"];
  const UNITS = { tpp: "TPP", performance_density: "TPP per mm²", dram_bandwidth_GBps: "GB/s DRAM", io_bandwidth_GBps: "GB/s I/O" };
  let now, days = null, box, frame;

  const text = (v) => (v === null || v === undefined ? "unknown" : Number(v).toLocaleString("en", { maximumSignificantDigits: 4 }));
  const wrap = (s) => s.replace(/(.{1,60})(\s|$)/g, "$1<br>").replace(/<br>$/, "");

  function hover(c) {
    const lines = [`<b>${c.name}</b>`, `${text(c[now.found.x])} ${UNITS[now.found.x]}, ${text(c[now.found.y])} ${UNITS[now.found.y]}`];
    lines.push(`<b>${c.verdict}</b>: US ${c.us}${c.review !== "none" ? ", " + c.review : ""}${c.paragraph ? " (" + c.paragraph + ")" : ""}; China ${c.cn}`);
    if (c.margin) {
      const m = c.margin;
      lines.push(`nearest limit: ${m.fact.replace(/_/g, " ")} ${text(m.limit)} ${m.unit}, margin ${m.percent > 0 ? "+" : ""}${text(m.percent)} %`);
      lines.push(wrap(`${m.rule}: ${m.cite}`));
    }
    return lines.join("<br>");
  }

  function span(values, low, high) {
    const found = values.filter((v) => v > 0);
    return [Math.min(...found) * low, Math.max(...found) * high];
  }

  function frameOf(chips) {
    const [x0, x1] = span(chips.map((c) => c[now.found.x]), 0.8, 1.5), [y0, y1] = span(chips.map((c) => c[now.found.y]), 0.75, 1.5);
    return { x0: Math.max(x0, 40), x1, y0, y1 };
  }

  function areas(patches) {
    const shapes = [], notes = [], largest = {};
    for (const p of patches) {
      const x0 = Math.max(p.x[0], frame.x0), x1 = Math.min(p.x[1] ?? frame.x1, frame.x1);
      const y0 = Math.max(p.y[0], frame.y0), y1 = Math.min(p.y[1] ?? frame.y1, frame.y1);
      if (x0 >= x1 || y0 >= y1) continue;
      shapes.push({ type: "rect", x0, x1, y0, y1, layer: "below", line: { width: 1, color: `var:${p.verdict}-fill` }, fillcolor: `var:${p.verdict}-fill`, opacity: 0.2 });
      const name = p.paragraph || p.verdict, size = Math.log(x1 / x0) * Math.log(y1 / y0);
      if (size > (largest[name + p.verdict]?.size ?? 0)) largest[name + p.verdict] = { size, x0, y0, y1, name, verdict: p.verdict };
    }
    for (const a of Object.values(largest)) {
      const top = a.y1 >= frame.y1 * 0.99;
      notes.push({ x: Math.log10(a.x0), y: Math.log10(top ? a.y1 : a.y0), xanchor: "left", yanchor: top ? "top" : "bottom", xshift: 4, yshift: top ? -2 : 2, showarrow: false, align: "left", text: `<b>${a.name}</b> ${a.verdict}`, font: { size: 12, color: `var:${a.verdict}` } });
    }
    return [shapes, notes];
  }

  function draw(patches, chips) {
    const { x, y } = now.found;
    const seen = chips.filter((c) => c[x] > 0 && c[y] > 0);
    const data = Object.keys(SYMBOLS).map((state) => {
      const some = seen.filter((c) => c.verdict === state && !c.own);
      return { type: "scatter", mode: "markers", name: state, x: some.map((c) => c[x]), y: some.map((c) => c[y]), text: some.map(hover), customdata: some.map((c) => c.id), hovertemplate: "%{text}<extra></extra>", marker: { color: `var:${state}-fill`, symbol: SYMBOLS[state], size: state === "open" ? 8 : 9.5, line: { width: state === "undetermined" ? 2 : 0.6, color: "var:card" } } };
    });
    const own = seen.filter((c) => c.own);
    data.push({ type: "scatter", mode: "markers+text", name: "yours", showlegend: own.length > 0, x: own.map((c) => c[x]), y: own.map((c) => c[y]), text: own.map((c) => `${c.name}: ${c.verdict}`), hovertext: own.map(hover), hovertemplate: "%{hovertext}<extra></extra>", textposition: "top center", textfont: { size: 13, color: "var:ink" }, marker: { color: "var:best", symbol: "star", size: 17, line: { width: 1, color: "var:card" } } });
    const [shapes, annotations] = areas(patches);
    const narrow = box.clientWidth < 560;
    const taken = [], wide = (box.clientWidth - 90) / Math.log10(frame.x1 / frame.x0), tall = 460 / Math.log10(frame.y1 / frame.y0);
    for (const c of seen.sort((a, b) => NAMED.indexOf(a.id) - NAMED.indexOf(b.id))) {
      if (!NAMED.includes(c.id) || narrow) continue;
      const left = wide * Math.log10(c[x]), low = tall * Math.log10(c[y]);
      if (taken.some(([l, b, w]) => left < l + w && l < left + 90 && Math.abs(b - low) < 15)) continue;
      taken.push([left, low, 90]);
      const short = c.name.replace(/^(NVIDIA|AMD Instinct|AMD|Huawei)\s+/, "").replace(/\s+(SXM|96GB)$/, "");
      annotations.push({ x: Math.log10(c[x]), y: Math.log10(c[y]), text: short, showarrow: false, xanchor: "left", xshift: 7, yanchor: "bottom", font: { size: 11.5, color: "var:soft" } });
    }
    const axis = (title, range) => ({ type: "log", range: range.map(Math.log10), title: { text: title, standoff: 8, font: { size: 13.5 } }, dtick: narrow ? 1 : "D2", fixedrange: true });
    const layout = { height: narrow ? 460 : 560, shapes, annotations, xaxis: axis(now.axes[x], [frame.x0, frame.x1]), yaxis: axis(now.axes[y], [frame.y0, frame.y1]), hovermode: "closest", legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" }, margin: { l: 10, r: 10, t: 34, b: 10 } };
    for (const state of Object.keys(SYMBOLS)) {
      const cell = document.querySelector(`[data-count="${state}"]`);
      if (cell) cell.textContent = chips.filter((c) => c.verdict === state).length;
    }
    return Look.draw(box, data, layout);
  }

  function show(index) {
    const began = performance.now();
    const chips = days.chips.map((c) => Object.assign({}, c, c.marks[c.at[index]]));
    const mine = days.own.map((c) => Object.assign({ own: true }, c, c.marks[c.at[index]]));
    const day = days.days[index];
    const done = draw(days.patches[days.drawn[index]], [...chips, ...mine]);
    document.getElementById("shown").textContent = new Date(day + "T12:00:00Z").toLocaleDateString("en-GB", { day: "numeric", month: "long", year: "numeric", timeZone: "UTC" });
    document.getElementById("day").setAttribute("aria-valuetext", day);
    document.getElementById("moved").textContent = (days.moved[day] || []).join(" · ") || " ";
    const cn = days.cn[days.said[index]];
    document.getElementById("cn-said").textContent = `for such a chip that day: ${cn.outcome} by ${cn.strength}` + cn.also.map((a) => `; beside it ${a.outcome} (${a.strength}, ${a.rule})`).join("");
    const here = new URL(location.href);
    here.searchParams.set("on", day);
    history.replaceState(null, "", here);
    document.querySelectorAll(".tabs a").forEach((a) => { const to = new URL(a.href); to.searchParams.set("on", day); a.href = to; });
    return done.then(() => { box.dataset.step = String(performance.now() - began); box.dataset.day = day; });
  }

  async function slider() {
    const holder = document.getElementById("slider"), input = document.getElementById("day"), play = document.getElementById("play");
    const [all, mine] = await Promise.all([holder.dataset.days, holder.dataset.own].map((a) => (a ? fetch(a).then((r) => r.json()) : null)));
    days = Object.assign(all, { own: mine ? [mine] : [] });
    input.max = days.days.length - 1;
    const at = days.days.findLastIndex((d) => d <= now.on);
    input.value = Math.max(at, 0);
    input.disabled = play.disabled = false;
    let waiting = null, busy = false;
    const go = async () => {  // while one day is drawn, only the latest of those asked for waits
      if (busy) return;
      busy = true;
      while (waiting !== null) { const next = waiting; waiting = null; await show(next); }
      busy = false;
    };
    input.addEventListener("input", () => { waiting = Number(input.value); go(); });
    let timer = null;
    const stop = () => { clearInterval(timer); timer = null; play.textContent = "▶ Play"; };
    play.addEventListener("click", () => {
      if (timer) { stop(); return; }
      if (input.value === input.max) input.value = 0;
      play.textContent = "❚❚ Stop";
      timer = setInterval(() => {
        if (input.value === input.max) { stop(); return; }
        input.value = Number(input.value) + 1;
        input.dispatchEvent(new Event("input"));
      }, 700);
    });
    holder.dataset.ready = "1";
    document.addEventListener("scheme", () => show(Number(input.value)));
  }

  document.addEventListener("DOMContentLoaded", () => {
    box = document.getElementById("plane");
    now = JSON.parse(document.getElementById("plane-now").textContent);
    frame = frameOf(now.found.chips);
    draw(now.found.patches, now.found.chips).then(() => {
      box.on("plotly_click", (e) => {
        const id = e.points[0].customdata;
        if (id) {
          const to = new URL(location.href).searchParams.get("to") || "CN", seat = new URL(location.href).searchParams.get("seat") || to;
          location.href = `/check?item=${id}&to=${to}&seat=${seat}&on=${box.dataset.day || now.on}`;
        }
      });
      slider();
    });
  });
})();
