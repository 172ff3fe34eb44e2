// The map on paper: its picture, title, legend, scale, north, date, credits and a code of its address.

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

/** The canvas is empty outside a frame: its picture is taken within one. */
function pictureOf(map) {
  return new Promise((done, fail) => {
    map.once("render", () => {
      try {
        done(map.getCanvas().toDataURL("image/png"));
      } catch (error) {
        fail(error);
      }
    });
    map.triggerRepaint();
  });
}
