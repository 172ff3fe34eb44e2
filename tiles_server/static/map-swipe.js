// Two layers side by side: a second map over the first shows the right one, as far as a divider
// that is dragged or moved by keys. It is made when it is asked for, and shares every tile that
// the browser keeps.

import * as maplibregl from "./vendor/maplibre-gl/maplibre-gl.mjs";

const OF = "tonari:layer";
const STEP = 5;
let other = null;
let part = 50;

/** The map that shows a point of the screen: the second one to the right of the divider. */
export function mapAt(map, point) {
  return other && point.x > (map.getContainer().clientWidth * part) / 100 ? other : map;
}

/** The second map and how much of the width the first one shows, in percent; nothing without one. */
export function beside() {
  return other && { map: other, part };
}

/** Connect the two choices; returns what is to be called when the first map has changed. */
export function connectSwipe(map, style, words, changed) {
  const choice = document.getElementById("swipe");
  const [left, right] = choice ? choice.querySelectorAll("select") : [];
  const names = new Set(style.layers.map((layer) => layer.metadata?.[OF]).filter(Boolean));
  if (!choice || names.size < 2) return () => {};
  const frame = document.createElement("div");
  frame.className = "swipe-map";
  const divider = document.createElement("div");
  divider.className = "swipe-divider";
  divider.tabIndex = 0;
  for (const [name, value] of Object.entries({
    role: "slider", "aria-label": words.swipeDivider, "aria-orientation": "horizontal",
    "aria-valuemin": 0, "aria-valuemax": 100,
  })) divider.setAttribute(name, value);

  function place(percent) {
    part = Math.min(100, Math.max(0, Math.round(percent)));
    frame.style.clipPath = `inset(0 0 0 ${part}%)`;
    divider.style.left = `${part}%`;
    divider.setAttribute("aria-valuenow", part);
    const title = (select) => select.selectedOptions[0].textContent;
    divider.setAttribute("aria-valuetext", `${part}%: ${title(left)} | ${title(right)}`);
    choice.dataset.swipe = other ? [left.value, right.value, part].join(",") : "";
  }

  /** The style of the first map as it is now, with the right layer and without the left one. */
  function beyond() {
    const now = map.getStyle();
    const seen = (layer) => {
      const name = layer.metadata?.[OF];
      const visibility = name === left.value ? "none" : name === right.value ? "visible" : null;
      return visibility ? { ...layer, layout: { ...layer.layout, visibility } } : layer;
    };
    return { ...now, layers: now.layers.map(seen) };
  }

  function show(name, visible) {
    for (const layer of style.layers.filter((one) => one.metadata?.[OF] === name)) {
      map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
    }
  }

  function follow() {
    other?.jumpTo({ center: map.getCenter(), zoom: map.getZoom() });
  }

  function start() {
    map.getContainer().append(frame, divider);
    other = new maplibregl.Map({
      container: frame, style: beyond(), interactive: false, attributionControl: false,
      center: map.getCenter(), zoom: map.getZoom(), fadeDuration: 0,
      localIdeographFontFamily: '"Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", sans-serif',
    });
    frame.querySelector("canvas").tabIndex = -1;
    frame.querySelector("canvas").setAttribute("aria-hidden", "true");
    map.on("move", follow);
  }

  function stop() {
    map.off("move", follow);
    other.remove();
    other = null;
    frame.remove();
    divider.remove();
  }

  let hidden = "";
  function refresh() {
    const wanted = left.value && right.value && left.value !== right.value;
    if (hidden && hidden !== (wanted ? right.value : "")) show(hidden, switched(hidden));
    hidden = wanted ? right.value : "";
    if (!wanted && other) stop();
    if (wanted) {
      if (other) other.setStyle(beyond());
      else start();
      show(hidden, false);
    }
    place(part);
  }

  const keys = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, Home: -100, End: 100 };
  divider.addEventListener("keydown", (event) => {
    if (!(event.key in keys)) return;
    event.preventDefault();
    place(part + keys[event.key]);
    changed();
  });
  divider.addEventListener("pointerdown", (event) => {
    divider.setPointerCapture(event.pointerId);
    const drag = ({ clientX }) => {
      const { left: edge, width } = map.getContainer().getBoundingClientRect();
      place(((clientX - edge) / width) * 100);
    };
    divider.addEventListener("pointermove", drag);
    divider.addEventListener("lostpointercapture", () => {
      divider.removeEventListener("pointermove", drag);
      changed();
    }, { once: true });
  });
  for (const select of [left, right]) {
    select.addEventListener("change", () => {
      refresh();
      changed();
    });
  }
  choice.hidden = false;
  const [, , asked] = (choice.dataset.swipe ?? "").split(",");
  if (/^\d{1,3}$/.test(asked ?? "")) part = Number(asked);
  refresh();
  return refresh;
}

/** Whether the legend shows a layer. */
function switched(name) {
  return document.querySelector(`input[data-layer="${CSS.escape(name)}"]`)?.checked ?? true;
}
