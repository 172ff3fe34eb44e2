// Fetches what the map's worker will ask for while the map library is still on its way: the worker
// finds it in the browser's cache. Links of rel=preload would do it a little sooner, but browsers
// complain of those whose use they do not see, as they do not see that of workers.

for (const address of document.currentScript.dataset.early.split(" ")) {
  fetch(address).then((response) => response.arrayBuffer()).catch(() => {}); // the map will say so
}
