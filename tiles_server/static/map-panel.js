// The panel that shows the selected feature's attributes as text.

import { write } from "./map-words.js";

export class FeaturePanel {
  /**
   * @param layers per data layer: title, label, fields (from the style's metadata)
   * @param municipalities names by municipality code
   * @param words sentences of the page, in its language
   * @param onShow called with each feature shown, and with null
   */
  constructor(layers, municipalities, words, onShow) {
    this.layers = layers;
    this.municipalities = municipalities;
    this.words = words;
    this.title = document.getElementById("feature-title");
    this.heading = this.title.textContent;
    this.none = document.getElementById("feature-none");
    this.body = document.getElementById("feature-body");
    this.layer = document.getElementById("feature-layer");
    this.fields = document.getElementById("feature-fields");
    this.nav = document.getElementById("feature-nav");
    this.place = document.getElementById("feature-place");
    this.features = [];
    this.at = 0;
    this.onShow = onShow;
    document.getElementById("feature-previous").addEventListener("click", () => this.step(-1));
    document.getElementById("feature-next").addEventListener("click", () => this.step(1));
    document.getElementById("feature-close").addEventListener("click", () => {
      const back = this.from;
      this.showAll([]);
      if (back?.isConnected) back.focus();
    });
  }

  /** Show the first of `features` at a place, all of them to be stepped through; none: the hint. */
  showAll(features, focus = false) {
    this.features = features;
    this.at = 0;
    this.nav.hidden = features.length < 2;
    this.show(features[0] ?? null, focus);
  }

  step(by) {
    const count = this.features.length;
    this.at = (this.at + by + count) % count;
    this.show(this.features[this.at], false);
  }

  /** Show `feature`, or the hint when it is null; move the focus there when the reader asked by keyboard. */
  show(feature, focus) {
    this.onShow(feature);
    this.body.hidden = !feature;
    this.none.hidden = Boolean(feature);
    if (!feature) {
      write(this.title, this.heading);
      return;
    }
    if (focus) this.from = document.activeElement;
    const layer = this.layers[feature.source];
    write(this.title, nameOf(feature, layer, this.words));
    write(this.layer, layer.title);
    this.place.textContent = this.words.place
      .replace("{place}", this.at + 1).replace("{count}", this.features.length);
    this.fields.replaceChildren(...this.rows(feature.properties, layer.fields));
    if (focus) this.title.focus();
  }

  rows(properties, fields) {
    return fields
      .filter(({ name }) => name in properties)
      .flatMap(({ name, title, type }) => {
        const term = document.createElement("dt");
        write(term, name === "municipality_code" ? this.words.municipality : title);
        const value = document.createElement("dd");
        write(value, this.municipality(name, properties[name]) ?? this.say(properties[name], type));
        value.dataset.field = name;
        return [term, value];
      });
  }

  /** A municipality's name instead of its code; the code stays in the data. */
  municipality(name, value) {
    return name === "municipality_code" ? this.municipalities[value] : undefined;
  }

  say(value, type) {
    if (value === null || value === undefined || value === "") return this.words.empty;
    if (type === "boolean" || typeof value === "boolean") {
      return value === true || value === "true" || value === 1 ? this.words.yes : this.words.no;
    }
    return String(value);
  }
}

/** What to call a feature: its label field, else a field called name, else its number. */
export function nameOf(feature, layer, words) {
  const { properties } = feature;
  const name = (layer.label && properties[layer.label]) || properties.name;
  return name ? String(name) : `${layer.title} ${words.number.replace("{id}", feature.id ?? "")}`;
}

/** Beside a mouse, say what lies under it; whoever has none opens it by pressing. */
export function connectHover(map, shapes, layers, words) {
  const card = document.createElement("div");
  card.className = "hover-card";
  card.hidden = true;
  card.setAttribute("aria-hidden", "true"); // the list and the panel say the same in words
  map.getContainer().append(card);
  const mouse = matchMedia("(hover: hover) and (pointer: fine)");
  const hide = () => { card.hidden = true; };
  map.on("mousemove", (event) => {
    const features = map.queryRenderedFeatures(event.point, { layers: shapes });
    map.getCanvas().style.cursor = features.length ? "pointer" : "";
    card.hidden = !features.length || !mouse.matches;
    if (card.hidden) return;
    const names = new Set(features.map((one) => nameOf(one, layers[one.source], words)));
    const [first, ...others] = names;
    write(card, others.length ? `${first}　＋${others.length}` : first);
    const { x, y } = event.point;
    const left = x > map.getContainer().clientWidth / 2;
    card.style.transform = `translate(${x + (left ? -12 : 12)}px, ${y + 12}px)${left ? " translateX(-100%)" : ""}`;
  });
  map.on("mouseout", hide);
  map.on("movestart", hide);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") hide(); });
}
