// What is shown of the data: switches of layers, of classes in the legend, and of declared fields.

const OF = "tonari:layer";

/** Connect every switch; `changed` is called after each change. */
export function connectFilters(map, style, changed) {
  const described = style.metadata["tonari:layers"];
  const own = style.layers.filter((layer) => layer.metadata?.[OF]);
  const boxes = [...document.querySelectorAll("input[data-layer]")];
  const classes = [...document.querySelectorAll("input[data-class-of]")];
  const fields = [...document.querySelectorAll("select[data-filter-of]")];

  function show(name, visible) {
    for (const layer of own.filter((one) => one.metadata[OF] === name)) {
      map.setLayoutProperty(layer.id, "visibility", visible ? "visible" : "none");
    }
  }

  function choose(name) {
    const conditions = [...classConditions(name), ...fieldConditions(name)];
    for (const layer of own.filter((one) => one.metadata[OF] === name)) {
      const all = [layer.filter, ...conditions].filter(Boolean);
      map.setFilter(layer.id, all.length > 1 ? ["all", ...all] : all[0] ?? null);
    }
  }

  function classConditions(name) {
    const { by, classes: values } = described[name];
    const off = classes.filter((box) => box.dataset.classOf === name && !box.checked)
      .map((box) => values[Number(box.dataset.class)]);
    const hidden = off.filter((value) => value !== null);
    const value = ["to-string", ["get", by]];
    const found = hidden.length ? [["!", ["in", value, ["literal", hidden]]]] : [];
    if (!off.includes(null)) return found;
    return [...found, ["in", value, ["literal", values.filter((one) => one !== null)]]];
  }

  function fieldConditions(name) {
    return fields.filter((field) => field.dataset.filterOf === name && field.value)
      .map((field) => ["==", ["to-string", ["get", field.dataset.field]], field.value]);
  }

  function apply() {
    for (const box of boxes) if (!box.checked) show(box.dataset.layer, false);
    for (const name of filtered()) choose(name);
  }

  function filtered() {
    const off = classes.filter((box) => !box.checked).map((box) => box.dataset.classOf);
    const chosen = fields.filter((field) => field.value).map((field) => field.dataset.filterOf);
    return new Set([...off, ...chosen]);
  }

  const on = (parts, act) => parts.forEach((part) => part.addEventListener("change", () => {
    act(part);
    changed();
  }));
  on(boxes, (box) => show(box.dataset.layer, box.checked));
  on(classes, (box) => choose(box.dataset.classOf));
  on(fields, (field) => choose(field.dataset.filterOf));
  apply(); // the address or an earlier visit may have set them
  if (boxes.some((box) => !box.checked) || filtered().size) changed();
}
