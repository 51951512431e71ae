"use strict";
// Comfort where scripts run: pictures, copying, saving, dropping files. Every page reads without it.
const Look = {
  colour(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); },
  // replaces "var:NAME" by the page's colour of that name, anywhere in a picture
  dress(part) {
    if (typeof part === "string") return part.startsWith("var:") ? Look.colour(part.slice(4)) : part;
    if (Array.isArray(part)) return part.map(Look.dress);
    if (part && typeof part === "object") return Object.fromEntries(Object.entries(part).map(([k, v]) => [k, Look.dress(v)]));
    return part;
  },
  layout(own) {
    const axis = { gridcolor: Look.colour("grid"), zeroline: false, automargin: true, linecolor: Look.colour("line"), tickcolor: Look.colour("line") };
    const out = Object.assign({
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", separators: ".,", margin: { l: 10, r: 10, t: 10, b: 10 },
      font: { family: "system-ui, sans-serif", size: 13, color: Look.colour("ink") },
      hoverlabel: { bgcolor: Look.colour("card"), bordercolor: Look.colour("line"), font: { color: Look.colour("ink"), size: 13 }, align: "left" },
      legend: { orientation: "h", x: 0, y: -0.16, traceorder: "normal" },
    }, own);
    for (const key of Object.keys(out)) {
      if (!/^[xy]axis/.test(key)) continue;
      out[key] = Object.assign({}, axis, out[key]);
      if (out[key].title) out[key].title = Object.assign({ font: { size: 13 }, standoff: 8 }, out[key].title);
      if (out[key].type === "log" && !out[key].dtick) out[key].dtick = "D2";
    }
    out.xaxis = out.xaxis || axis; out.yaxis = out.yaxis || axis;
    return out;
  },
  config: { displaylogo: false, responsive: true, displayModeBar: false, scrollZoom: false },
  // a signal for whoever waits until a picture stands: data-drawn on it
  draw(box, data, layout) {
    return Plotly.react(box, Look.dress(data), Look.layout(Look.dress(layout)), Look.config).then(() => { box.dataset.drawn = "1"; });
  },
};

function pictures() {
  for (const box of document.querySelectorAll(".picture[data-spec]")) {
    const spec = JSON.parse(document.getElementById(box.dataset.spec).textContent);
    Look.draw(box, spec.data, spec.layout);
  }
}

function take(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
}

async function fileInto(file, form) {
  const box = form.dataset.drop ? document.getElementById(form.dataset.drop) : null;
  if (box) {
    box.value = await file.text();
    box.form.requestSubmit();
    return;
  }
  const some = new DataTransfer();
  some.items.add(file);
  form.querySelector("input[type=file]").files = some.files;
  form.requestSubmit();
}

document.addEventListener("DOMContentLoaded", () => {
  if (window.Plotly) {
    pictures();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { pictures(); document.dispatchEvent(new Event("scheme")); });
    document.querySelectorAll(".save").forEach((s) => { s.hidden = false; });
  }
  document.querySelectorAll("[data-copy]").forEach((b) => { b.hidden = false; });
  document.querySelectorAll("[data-svg]").forEach((b) => { b.hidden = false; });
  for (const form of document.querySelectorAll("form[data-drop]")) {
    const zones = [form];
    if (form.dataset.drop) zones.push(document.getElementById(form.dataset.drop));
    for (const zone of zones) {
      zone.addEventListener("dragover", (e) => { e.preventDefault(); zone.classList.add("over"); });
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (e) => {
        zone.classList.remove("over");
        const file = e.dataTransfer && e.dataTransfer.files[0];
        if (file) { e.preventDefault(); fileInto(file, form); }
      });
    }
  }
});

document.addEventListener("click", (e) => {
  const button = e.target.closest("button");
  if (!button) return;
  if (button.dataset.copy) {
    navigator.clipboard.writeText(document.getElementById(button.dataset.copy).textContent).then(() => { button.textContent = "Copied"; }, () => { button.textContent = "Select it and copy"; });
  } else if (button.dataset.save) {
    const box = button.closest("figure").querySelector(".picture");
    Plotly.downloadImage(box, { format: button.dataset.save, width: box.clientWidth, height: box.clientHeight, scale: button.dataset.save === "png" ? 2 : 1, filename: "twokey-" + (box.id || box.dataset.spec) });
  } else if (button.dataset.svg !== undefined) {
    const drawn = document.querySelector("svg.drawn").cloneNode(true);
    drawn.setAttribute("xmlns", "http://www.w3.org/2000/svg");
    const style = document.createElementNS("http://www.w3.org/2000/svg", "style");
    const words = ["open", "conditional", "shut", "undetermined"];
    style.textContent = "text{font:13px sans-serif}.sign{fill:#fff}.grid{stroke:#ccc}.now{stroke:#000;stroke-dasharray:4 3}" + words.map((w) => `.fill-${w}{fill:${Look.colour(w + "-fill")}}`).join("");
    drawn.prepend(style);
    take(new Blob([drawn.outerHTML], { type: "image/svg+xml" }), "twokey-timeline.svg");
  }
});
