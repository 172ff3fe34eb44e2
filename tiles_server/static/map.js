// The map page: shows the style the server wrote, switches its layers, and puts what is selected
// into the page as text. Documented for others: document.documentElement.dataset.mapState is
// "loading", then "idle" each time all tiles in view are drawn and show features, "empty" when
// there are none in view, and "failed" when the map cannot be shown.

import * as maplibregl from "./vendor/maplibre-gl/maplibre-gl.mjs";
import { connectBase, withoutBase } from "./map-base.js";
import { connectFilters } from "./map-filters.js";
import { connectFrame } from "./map-frame.js";
import { FeatureList, once } from "./map-list.js";
import { connectHover, FeaturePanel } from "./map-panel.js";
import { readAddress, writeAddress } from "./map-share.js";
import { connectStack } from "./map-stack.js";
import { connectSwipe, mapAt } from "./map-swipe.js";
import { connectTools } from "./map-tools.js";

const root = document.documentElement;
const element = document.getElementById("map");
const words = element.dataset;

function setState(state) {
  root.dataset.mapState = state;
}

function fail(reason) {
  console.error(reason);
  const message = document.getElementById("map-message");
  if (message) message.textContent = words.failed;
  setState("failed");
}

/** The style came with the page: a request of its own would hold the map up. */
function readStyle() {
  return JSON.parse(document.getElementById("map-style").textContent);
}

/** On a narrow map page the credits fill the lower edge; in a frame the legend fills the upper. */
function scalePlace() {
  return element.clientWidth < 480 && window.self === window.top ? "top-left" : "bottom-left";
}

function createMap(style) {
  const map = new maplibregl.Map({
    container: element,
    style: withoutBase(style),
    hash: true,
    attributionControl: false,
    // Every glyph is drawn from the reader's own fonts, Latin ones too: the style has no server.
    localIdeographFontFamily: '"Hiragino Sans", "Noto Sans CJK JP", "Noto Sans JP", sans-serif',
    locale: {
      "Map.Title": words.label,
      "NavigationControl.ZoomIn": words.zoomIn,
      "NavigationControl.ZoomOut": words.zoomOut,
      "AttributionControl.ToggleAttribution": words.attribution,
    },
    dragRotate: false,
    pitchWithRotate: false,
    touchPitch: false,
    maxZoom: 19,
    cooperativeGestures: window.self !== window.top,
    fadeDuration: matchMedia("(prefers-reduced-motion: reduce)").matches ? 0 : 200,
  });
  map.touchZoomRotate.disableRotation();
  map.keyboard.disableRotation();
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 120, unit: "metric" }), scalePlace());
  map.addControl(new maplibregl.AttributionControl({ compact: true }), "bottom-right");
  return map;
}

/** Data layers by the place of their topmost shape in the style, for picking what was clicked. */
function shapeLayers(style) {
  return style.layers.filter((layer) => layer.metadata?.["tonari:layer"] && layer.type !== "symbol").map(({ id }) => id);
}

/** Show one feature as selected on the map, and no other. */
function createHighlight(map) {
  let last = null;
  return (feature) => {
    if (last) map.setFeatureState(last, { selected: false });
    last = null;
    if (feature && feature.id !== undefined) {
      last = { source: feature.source, sourceLayer: feature.sourceLayer, id: feature.id };
      map.setFeatureState(last, { selected: true });
    }
  };
}

function connectSelection(map, style) {
  const layers = style.metadata["tonari:layers"];
  const shapes = shapeLayers(style);
  const highlight = createHighlight(map);
  let shown = () => {};
  const municipalities = style.metadata["tonari:municipalities"];
  const panel = new FeaturePanel(layers, municipalities, words, (feature) => {
    highlight(feature);
    list.mark(feature);
    shown(feature);
  });
  const list = new FeatureList(layers, words, (feature) => select(feature, true));

  function select(feature, focus = false) {
    selectFirst(feature ? [feature] : [], focus);
  }

  function selectFirst(features, focus = false) {
    panel.showAll(features, focus);
  }

  map.on("click", (event) => {
    if (element.dataset.measuring === "true") return;
    // A fingertip is wider than a point: look a few pixels around.
    const { x, y } = event.point;
    const near = [[x - 5, y - 5], [x + 5, y + 5]];
    selectFirst(once(mapAt(map, event.point).queryRenderedFeatures(near, { layers: shapes })));
  });
  connectHover(map, shapes, layers, words);
  whenDrawn(map, style, () => {
    const features = map.queryRenderedFeatures({ layers: shapes });
    list.fill(features);
    setState(features.length ? "idle" : "empty");
  });
  map.on("movestart", () => setState("loading"));
  return { selectFirst, shapes, onShow: (then) => { shown = then; } };
}

/** Show a place that was searched for, and select what is there once it is drawn. */
function createGoTo(map, { selectFirst, shapes }) {
  return (found) => {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const same = (feature) => feature.source === found.layer && String(feature.id) === String(found.id);
    map.once("moveend", () => map.once("idle", () => {
      const near = map.queryRenderedFeatures({ layers: shapes }).filter(same);
      if (near.length) selectFirst([near[0]], true);
    }));
    const view = { center: found.place, zoom: Math.max(map.getZoom(), 16) };
    if (still) map.jumpTo(view);
    else map.flyTo({ ...view, maxDuration: 1500 });
  };
}

/** Call `then` each time our data are drawn: a base map may be late, or never come. */
function whenDrawn(map, style, then) {
  const own = Object.keys(style.sources).filter((name) => !name.startsWith("base:"));
  map.on("render", () => {
    const moving = map.isMoving() || map.isZooming();
    if (root.dataset.mapState !== "loading" || moving || !own.every((name) => map.isSourceLoaded(name))) return;
    then();
  });
  map.on("idle", then);
}

function start() {
  setState("loading");
  const style = readStyle();
  readAddress();
  element.replaceChildren();
  const map = createMap(style);
  const base = connectBase(map, style);
  map.on("error", (event) => base.failed(event) || console.error(event.error));
  // "load" would wait for every tile, of the base map too.
  map.once("style.load", () => {
    let beside = () => {};
    const changed = () => {
      beside();
      writeAddress();
    };
    connectFilters(map, style, () => {
      setState("loading");
      changed();
    });
    connectStack(map, style, words, changed);
    beside = connectSwipe(map, style, words, writeAddress);
    const selection = connectSelection(map, style);
    base.show();
    const goTo = createGoTo(map, selection);
    connectTools(map, words, goTo);
    selection.onShow(connectFrame(map, goTo));
    root.dataset.mapTools = "ready";
  });
}

// A small frame is for the map: its legend starts folded.
if (element && element.clientWidth < 480) document.getElementById("embed-legend")?.removeAttribute("open");
if (element) {
  try {
    start();
  } catch (error) {
    fail(error);
  }
}
