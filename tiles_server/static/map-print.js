// The map on paper: its picture, title, legend, scale, north, date, credits and a code of its address.

import { beside } from "./map-swipe.js";

/** Connect the print button. */
export function connectPrint(map, say) {
  const button = document.getElementById("tool-print");
  const sheet = document.getElementById("print-sheet");
  if (!button || !sheet) return;
  button.addEventListener("click", async () => {
    try {
      await fill(map, sheet);
    } catch (error) {
      say(String(error));
      return;
    }
    document.body.dataset.paper = document.getElementById("print-paper").value;
    window.print();
  });
  window.addEventListener("afterprint", () => { sheet.hidden = true; });
}

async function fill(map, sheet) {
  const picture = document.getElementById("print-picture");
  const code = document.getElementById("print-code");
  picture.src = await pictureOf(map);
  code.src = `${sheet.dataset.qr}?at=${encodeURIComponent(location.search + location.hash)}`;
  document.getElementById("print-scale").textContent = document.querySelector(".maplibregl-ctrl-scale")?.textContent ?? "";
  document.getElementById("print-scale").style.width = document.querySelector(".maplibregl-ctrl-scale")?.style.width ?? "";
  document.getElementById("print-date").textContent = new Date().toLocaleDateString(document.documentElement.lang);
  document.getElementById("print-address").textContent = location.href;
  sheet.hidden = false;
  await Promise.all([picture.decode(), code.decode()]);
}

/** The map as a picture, with what a divider shows beside it. */
async function pictureOf(map) {
  const first = await imageOf(map);
  const second = beside();
  if (!second) return first.toDataURL("image/png");
  const from = Math.round((first.width * second.part) / 100);
  const context = first.getContext("2d");
  const right = await imageOf(second.map);
  context.drawImage(right, from, 0, right.width - from, right.height, from, 0, first.width - from, first.height);
  context.fillRect(from - 1, 0, 3, first.height);
  return first.toDataURL("image/png");
}

/** The canvas is empty outside a frame: what it shows is copied within one. */
function imageOf(map) {
  return new Promise((done) => {
    map.once("render", () => {
      const shown = map.getCanvas();
      const copy = Object.assign(document.createElement("canvas"), { width: shown.width, height: shown.height });
      copy.getContext("2d").drawImage(shown, 0, 0);
      done(copy);
    });
    map.triggerRepaint();
  });
}
