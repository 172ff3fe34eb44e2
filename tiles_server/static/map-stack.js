// What lies on what, and how strongly it is drawn: each layer of the legend has a slider and two
// buttons. Labels stay above all shapes, and base maps below; both keep the order of their layers.

const OF = "tonari:layer";
const PROPERTIES = {
  circle: ["circle-opacity", "circle-stroke-opacity"],
  fill: ["fill-opacity"],
  hillshade: ["hillshade-exaggeration"],
  line: ["line-opacity"],
  raster: ["raster-opacity"],
  symbol: ["text-opacity", "icon-opacity"],
};

/** Connect the controls of every layer; `changed` is called after each change. */
export function connectStack(map, style, words, changed) {
  const controls = [...document.querySelectorAll("[data-stack]")];
  const legend = controls[0]?.closest("fieldset");
  if (!legend) return;
  const own = style.layers.filter((layer) => layer.metadata?.[OF]);
  const usual = [...new Set(own.map((layer) => layer.metadata[OF]))];
  const status = document.getElementById("stack-status");
  let order = arranged(usual, (legend.dataset.order ?? "").split(","));

  function arrange() {
    for (const symbols of [false, true]) {
      const movable = own.filter((layer) => (layer.type === "symbol") === symbols);
      const last = style.layers.findIndex((layer) => layer.id === movable.at(-1)?.id);
      const above = style.layers.slice(last + 1).find((layer) => !movable.includes(layer))?.id;
      for (const name of order) {
        for (const layer of movable.filter((one) => one.metadata[OF] === name)) map.moveLayer(layer.id, above);
      }
    }
    legend.dataset.order = String(order) === String(usual) ? "" : order.join(",");
    legend.dataset.drawn = [...new Set(map.getStyle().layers.map((layer) => layer.metadata?.[OF]).filter(Boolean))].join(",");
    for (const control of controls) {
      const at = order.indexOf(control.dataset.stack);
      for (const button of control.querySelectorAll("button")) {
        const to = at + Number(button.dataset.move);
        button.setAttribute("aria-disabled", String(to < 0 || to >= order.length));
      }
    }
  }

  function move(control, by) {
    const name = control.dataset.stack;
    const at = order.indexOf(name);
    const to = at + by;
    if (to < 0 || to >= order.length) return;
    order = order.toSpliced(at, 1).toSpliced(to, 0, name);
    arrange();
    changed();
    const place = words.stackPlace.replace("{place}", order.length - to).replace("{count}", order.length);
    status.textContent = `${style.metadata["tonari:layers"][name].title}: ${place}`;
  }

  function draw(slider) {
    const percent = `${slider.value}%`;
    slider.setAttribute("aria-valuetext", percent);
    slider.closest("[data-stack]").querySelector("output").textContent = percent;
    for (const layer of own.filter((one) => one.metadata[OF] === slider.dataset.strength)) {
      for (const property of PROPERTIES[layer.type] ?? []) {
        map.setPaintProperty(layer.id, property, weakened(layer.paint?.[property], Number(slider.value) / 100));
      }
    }
  }

  for (const control of controls) {
    control.hidden = !usual.includes(control.dataset.stack);
    const slider = control.querySelector("input");
    slider.addEventListener("input", () => draw(slider));
    slider.addEventListener("change", changed);
    if (slider.value !== slider.max) draw(slider);
    for (const button of control.querySelectorAll("button")) {
      button.hidden = usual.length < 2;
      button.addEventListener("click", () => move(control, Number(button.dataset.move)));
    }
  }
  arrange();
}

/** The layers in the order asked for, from the lowest; those it does not name keep theirs, on top. */
function arranged(usual, asked) {
  const known = [...new Set(asked)].filter((name) => usual.includes(name));
  return [...known, ...usual.filter((name) => !known.includes(name))];
}

/** An opacity times a factor; zoom may only be asked at the top of an expression. */
function weakened(value, factor) {
  if (!Array.isArray(value)) return (value ?? 1) * factor;
  const first = { interpolate: 4, step: 2 }[value[0]];
  if (!first) return ["*", value, factor];
  return value.map((part, at) => (at >= first && (at - first) % 2 === 0 ? weakened(part, factor) : part));
}
