// Tools of the map page: search, position, measuring, sharing, print.

import { connectMeasure } from "./map-measure.js";
import { connectPrint } from "./map-print.js";
import { connectSearch } from "./map-search.js";

const MARK = "found-place";

/** Connect all tools; `goTo` shows a place and selects what is there. */
export function connectTools(map, words, goTo) {
  connectSearch(words, (found) => {
    mark(map, found.place);
    goTo(found);
  });
  const status = document.getElementById("tool-status");
  if (!status) return;
  const say = (text) => { status.textContent = text; };
  press("tool-locate", () => locate(map, words, say));
  press("tool-fullscreen", () => {
    if (document.fullscreenElement) document.exitFullscreen();
    else document.documentElement.requestFullscreen?.().catch((error) => say(String(error)));
  });
  press("tool-share", () => share(words, say));
  connectMeasure(map, words, say);
  connectPrint(map, say);
}

export function press(id, act) {
  document.getElementById(id)?.addEventListener("click", act);
}

/** Put a ring around a place, and around no other. */
function mark(map, place) {
  const data = { type: "Feature", properties: {}, geometry: { type: "Point", coordinates: place } };
  if (map.getSource(MARK)) {
    map.getSource(MARK).setData(data);
    return;
  }
  map.addSource(MARK, { type: "geojson", data });
  map.addLayer({
    id: MARK, type: "circle", source: MARK,
    paint: {
      "circle-radius": 20, "circle-opacity": 0, "circle-stroke-width": 4, "circle-stroke-color": "#111111",
    },
  });
}

function locate(map, words, say) {
  say(words.locateAsking);
  if (!navigator.geolocation) return say(words.locateFailed);
  navigator.geolocation.getCurrentPosition(({ coords }) => {
    const place = [coords.longitude, coords.latitude];
    mark(map, place);
    map.jumpTo({ center: place, zoom: Math.max(map.getZoom(), 15) });
    say(words.locateFound.replace("{metres}", Math.round(coords.accuracy)));
  }, () => say(words.locateFailed), { enableHighAccuracy: true, timeout: 20_000 });
}

async function share(words, say) {
  const line = document.getElementById("share-line");
  const address = document.getElementById("share-address");
  line.hidden = false;
  address.value = location.href;
  address.select();
  try {
    await navigator.clipboard.writeText(location.href);
    say(words.copied);
  } catch {
    address.focus(); // to be copied by hand
  }
}
