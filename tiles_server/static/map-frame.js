// A map in the page of another site: what it says to that page, and what it is told by it. Which
// sites those may be, the server has said (frame-ancestors); no other page can be the parent.

const VERSION = 1;

/** Connect the map with the page around it, if there is one. */
export function connectFrame(map, goTo) {
  const parent = window.parent;
  if (parent === window) return () => {};
  const site = around();
  const say = (message) => parent.postMessage({ tonari: VERSION, ...message }, site);
  addEventListener("message", (event) => {
    if (event.source !== parent || event.data?.tonari !== VERSION) return;
    hear(map, goTo, event.data);
  });
  map.on("moveend", () => say({ type: "move", ...where(map) }));
  say({ type: "ready", ...where(map) });
  sayHeight(say);
  return (feature) => say({ type: "select", feature: told(feature) });
}

/** The origin of the page around, as the browser says; anybody allowed where it does not. */
function around() {
  const named = location.ancestorOrigins?.[0] ?? "";
  if (named && named !== "null") return named;
  try {
    return new URL(document.referrer).origin;
  } catch {
    return "*";
  }
}

function where(map) {
  const { lng, lat } = map.getCenter();
  return { center: [lng, lat], zoom: map.getZoom(), bounds: map.getBounds().toArray().flat() };
}

function told(feature) {
  return feature && { layer: feature.source, id: feature.id ?? null, properties: { ...feature.properties } };
}

/** The map fills whatever frame it is given; only what stands below it asks for more room. */
function sayHeight(say) {
  const panel = document.getElementById("feature");
  if (!panel) return;
  const measure = () => say({ type: "height", height: Math.ceil(320 + panel.offsetHeight) });
  new ResizeObserver(measure).observe(panel);
}

function hear(map, goTo, { type, center, zoom, layer, id }) {
  const place = isPlace(center) ? center : null;
  if (type === "view" && place) map.jumpTo(Number.isFinite(zoom) ? { center: place, zoom } : { center: place });
  else if (type === "select" && place && layer) goTo({ layer, id, place });
}

function isPlace(center) {
  return Array.isArray(center) && center.length === 2 && center.every(Number.isFinite)
    && Math.abs(center[0]) <= 180 && Math.abs(center[1]) <= 90;
}
