// The page that makes the snippet: the first view follows the preview, and the HTML can be copied.

import { listen } from "./tonari-map.js";

const view = document.getElementById("share-view");
const copy = document.getElementById("snippet-copy");
const status = document.getElementById("snippet-status");

listen(document.getElementById("preview"), {
  move: ({ center, zoom }) => {
    view.value = `${Number(zoom.toFixed(2))}/${center[1].toFixed(5)}/${center[0].toFixed(5)}`;
  },
});

copy.hidden = !navigator.clipboard;
copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(document.getElementById("snippet").value);
  status.textContent = status.dataset.copied;
});
