// The view in the address: switches and filters after "?", the place after "#" (MapLibre's own).

const NAMES = ["off", "hide", "only", "base", "strength", "order", "swipe"];

/** Set the switches as the address says. */
export function readAddress() {
  const asked = new URLSearchParams(location.search);
  const listed = (name) => (asked.get(name) ?? "").split(",").filter(Boolean);
  for (const name of listed("off")) set(`input[data-layer="${CSS.escape(name)}"]`, (box) => { box.checked = false; });
  for (const entry of listed("hide")) {
    const [name, number] = entry.split(":");
    const one = `input[data-class-of="${CSS.escape(name)}"][data-class="${CSS.escape(number ?? "")}"]`;
    set(one, (box) => { box.checked = false; });
  }
  for (const entry of listed("only")) {
    const [name, field, value] = entry.split(":").map(decodeURIComponent);
    const one = `select[data-filter-of="${CSS.escape(name)}"][data-field="${CSS.escape(field ?? "")}"]`;
    set(one, (select) => {
      if ([...select.options].some((option) => option.value === value)) select.value = value;
    });
  }
  for (const entry of listed("strength")) {
    const [name, percent] = entry.split(":");
    if (!/^\d{1,3}$/.test(percent ?? "")) continue;
    set(`input[data-strength="${CSS.escape(name)}"]`, (slider) => { slider.value = percent; });
  }
  const legend = document.querySelector("[data-stack]")?.closest("fieldset");
  if (legend) legend.dataset.order = listed("order").join(",");
  const swipe = document.getElementById("swipe");
  if (swipe) {
    const [left, right] = listed("swipe");
    const options = [...swipe.querySelectorAll("option")].map((option) => option.value);
    if ([left, right].every((name) => options.includes(name))) {
      swipe.dataset.swipe = listed("swipe").join(",");
      [left, right].forEach((name, at) => { swipe.querySelectorAll("select")[at].value = name; });
    }
  }
  const base = asked.get("base");
  if (base) set(`input[data-base][value="${CSS.escape(base)}"]`, (box) => { box.checked = true; });
}

function set(selector, act) {
  const found = document.querySelector(selector);
  if (found) act(found);
}

/** Keep the address as the switches are, without a step in the browser's history. */
export function writeAddress() {
  const address = new URL(location.href);
  for (const name of NAMES) address.searchParams.delete(name);
  const all = (selector) => [...document.querySelectorAll(selector)];
  put(address, "off", all("input[data-layer]").filter((box) => !box.checked).map((box) => box.dataset.layer));
  put(address, "hide", all("input[data-class-of]").filter((box) => !box.checked)
    .map((box) => `${box.dataset.classOf}:${box.dataset.class}`));
  put(address, "only", all("select[data-filter-of]").filter((select) => select.value)
    .map((select) => [select.dataset.filterOf, select.dataset.field, select.value].map(encodeURIComponent).join(":")));
  put(address, "strength", all("input[data-strength]").filter((slider) => slider.value !== slider.max)
    .map((slider) => `${slider.dataset.strength}:${slider.value}`));
  put(address, "order", all("[data-stack]").slice(0, 1).map((one) => one.closest("fieldset").dataset.order).filter(Boolean));
  put(address, "swipe", all("#swipe").map((choice) => choice.dataset.swipe).filter(Boolean));
  const bases = all("input[data-base]");
  const base = bases.findIndex((box) => box.checked);
  if (base > 0) put(address, "base", [bases[base].value]);
  history.replaceState(history.state, "", address);
}

function put(address, name, values) {
  if (values.length) address.searchParams.set(name, values.join(","));
}
