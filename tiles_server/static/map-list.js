// The list of features in view: the map's content for whoever cannot point at it.

import { nameOf } from "./map-panel.js";
import { write } from "./map-words.js";

const LONGEST = 40;

export class FeatureList {
  /** @param onChoose called with the feature whose entry is pressed */
  constructor(layers, words, onChoose) {
    this.layers = layers;
    this.words = words;
    this.onChoose = onChoose;
    this.list = document.getElementById("in-view");
    this.count = document.getElementById("in-view-count");
    this.more = document.getElementById("in-view-more");
    this.chosen = null;
  }

  /** Fill the list with `features`, each once though it may lie in several tiles. */
  fill(features) {
    if (!this.list) return;
    const sorted = once(features)
      .map((feature) => ({ feature, name: nameOf(feature, this.layers[feature.source], this.words) }))
      .sort((a, b) => a.name.localeCompare(b.name, document.documentElement.lang));
    const focused = document.activeElement?.dataset?.key;
    this.list.replaceChildren(...sorted.slice(0, LONGEST).map((entry) => this.entry(entry)));
    if (focused) this.list.querySelector(`[data-key="${CSS.escape(focused)}"]`)?.focus();
    this.note(sorted.length);
    this.mark(this.chosen);
  }

  entry({ feature, name }) {
    const button = document.createElement("button");
    button.type = "button";
    button.dataset.key = keyOf(feature);
    const label = document.createElement("span");
    write(label, name);
    const of = document.createElement("span");
    of.className = "of";
    write(of, this.layers[feature.source].title);
    button.append(label, of);
    button.addEventListener("click", () => this.onChoose(feature));
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  note(count) {
    this.count.textContent = this.words.count.replace("{count}", count);
    const left = count - LONGEST;
    this.more.hidden = count > 0 && left <= 0;
    this.more.textContent = count ? this.words.more.replace("{count}", left) : this.words.nothing;
  }

  /** Show which entry is the selected feature. */
  mark(feature) {
    this.chosen = feature;
    if (!this.list) return;
    const key = feature ? keyOf(feature) : null;
    for (const button of this.list.querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.key === key));
    }
  }
}

/** Each feature once, though it lie in several tiles and style layers; the topmost first. */
export function once(features) {
  const found = new Map();
  for (const feature of features) {
    if (!found.has(keyOf(feature))) found.set(keyOf(feature), feature);
  }
  return [...found.values()];
}

function keyOf(feature) {
  return `${feature.source}/${feature.sourceLayer}/${feature.id ?? JSON.stringify(feature.properties)}`;
}
