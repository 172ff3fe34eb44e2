// The base map: comes after our data, may be chosen, and may fail without harm.

import { writeAddress } from "./map-share.js";

const OF = "tonari:base";

/** The style with every base map hidden: nobody waits for another's server. */
export function withoutBase(style) {
  const layers = style.layers.map((layer) =>
    layer.metadata?.[OF] ? { ...layer, layout: { ...layer.layout, visibility: "none" } } : layer);
  return { ...style, layers };
}

/** Connect the choice of base maps; `show` draws the chosen one, `failed` takes errors of its tiles. */
export function connectBase(map, style) {
  const boxes = [...document.querySelectorAll("input[data-base]")];
  const note = document.getElementById("base-note");
  const layers = style.layers.filter((layer) => layer.metadata?.[OF]);
  const first = layers[0]?.metadata[OF];

  function show() {
    const chosen = boxes.find((box) => box.checked)?.value ?? first;
    if (note) note.hidden = true;
    for (const layer of layers) {
      const visible = layer.metadata[OF] === chosen;
      map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
    }
  }

  function failed(event) {
    if (!event.sourceId?.startsWith("base:")) return false;
    if (note) note.hidden = false;
    return true;
  }

  for (const box of boxes) {
    box.addEventListener("change", () => {
      show();
      writeAddress();
    });
  }
  return { show, failed };
}
