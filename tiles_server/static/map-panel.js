// The panel that shows the selected feature's attributes as text.

export class FeaturePanel {
  /**
   * @param layers per data layer: title, label, fields (from the style's metadata)
   * @param municipalities names by municipality code
   * @param words sentences of the page, in its language
   * @param onClose called when the reader closes the panel
   */
  constructor(layers, municipalities, words, onClose) {
    this.layers = layers;
    this.municipalities = municipalities;
    this.words = words;
    this.title = document.getElementById("feature-title");
    this.heading = this.title.textContent;
    this.none = document.getElementById("feature-none");
    this.body = document.getElementById("feature-body");
    this.layer = document.getElementById("feature-layer");
    this.fields = document.getElementById("feature-fields");
    document.getElementById("feature-close").addEventListener("click", () => {
      const back = this.from;
      onClose();
      if (back?.isConnected) back.focus();
    });
  }

  /** Show `feature`, or the hint when it is null; move the focus there when the reader asked by keyboard. */
  show(feature, focus) {
    this.body.hidden = !feature;
    this.none.hidden = Boolean(feature);
    if (!feature) {
      this.title.textContent = this.heading;
      return;
    }
    this.from = focus ? document.activeElement : null;
    const layer = this.layers[feature.source];
    this.title.textContent = nameOf(feature, layer, this.words);
    this.layer.textContent = layer.title;
    this.fields.replaceChildren(...this.rows(feature.properties, layer.fields));
    if (focus) this.title.focus();
  }

  rows(properties, fields) {
    return fields
      .filter(({ name }) => name in properties)
      .flatMap(({ name, title, type }) => {
        const term = document.createElement("dt");
        term.textContent = name === "municipality_code" ? this.words.municipality : title;
        const value = document.createElement("dd");
        value.textContent = this.municipality(name, properties[name]) ?? this.say(properties[name], type);
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
