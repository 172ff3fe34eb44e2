// <tonari-map src="https://…/maps/NAME/embed" title="…">: a Tonari map in any page. One file, no
// other; it sets no cookie and asks nobody but the server that `src` names.
//
// Attributes: src, title, height (pixels; without it the height follows the width).
// Events: "ready", "move" (detail: center [longitude, latitude], zoom, bounds [west, south, east,
// north]), "select" (detail: layer, id, properties; or null when nothing is selected).
// Methods: view({center, zoom}), select({layer, id, center}).
// What goes to and fro is { tonari: 1, type, … } by postMessage; docs/embed.md of Tonari says more.

const VERSION = 1;
const SLOW = 15_000;

/**
 * Call `heard[type](message)` for what the map in `frame` says.
 * @returns {() => void} stops listening
 */
export function listen(frame, heard) {
  const from = new URL(frame.src, location.href).origin;
  const hear = (event) => {
    if (event.source !== frame.contentWindow || event.origin !== from) return;
    if (event.data?.tonari !== VERSION) return;
    heard[event.data.type]?.(event.data);
  };
  addEventListener("message", hear);
  return () => removeEventListener("message", hear);
}

class TonariMap extends HTMLElement {
  static observedAttributes = ["src", "title", "height"];

  connectedCallback() {
    this.root ??= this.attachShadow({ mode: "open" });
    this.draw();
  }

  disconnectedCallback() {
    this.stop?.();
  }

  attributeChangedCallback() {
    if (this.isConnected && this.root) this.draw();
  }

  draw() {
    this.stop?.();
    const source = new URL(this.getAttribute("src"), location.href);
    if (!/^https?:$/.test(source.protocol)) return;
    const height = Number.parseInt(this.getAttribute("height"), 10);
    const style = document.createElement("style");
    style.textContent = `:host { display: block } iframe { display: block; width: 100%; border: 0; ${
      height > 0 ? `height: ${height}px` : "aspect-ratio: 4 / 3; min-height: 320px; max-height: 80vh"} }`;
    const frame = document.createElement("iframe");
    frame.title = this.getAttribute("title") ?? "";
    frame.loading = "lazy";
    frame.allow = "fullscreen";
    // Without the name of this site the server could not tell that it may show the map.
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    frame.src = source.href;
    this.frame = frame;
    this.origin = source.origin;
    this.stop = listen(frame, {
      ready: (said) => this.tell("ready", said),
      move: (said) => this.tell("move", said),
      select: ({ feature }) => this.tell("select", feature),
      height: (said) => {
        if (!(height > 0) && said.height > 0) frame.style.minHeight = `${Math.min(said.height, 2000)}px`;
      },
    });
    this.root.replaceChildren(style, frame);
    this.wait(frame);
  }

  /** What stands inside the element (a link to the map) shows when no map has come. */
  wait(frame) {
    const later = setTimeout(() => {
      if (this.frame === frame && this.isConnected) this.root.append(document.createElement("slot"));
    }, SLOW);
    this.addEventListener("ready", () => {
      clearTimeout(later);
      this.root.querySelector("slot")?.remove();
    }, { once: true });
  }

  tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: type !== "select" }));
  }

  view({ center, zoom }) {
    this.say({ type: "view", center, zoom });
  }

  select({ layer, id, center }) {
    this.say({ type: "select", layer, id, center });
  }

  say(message) {
    this.frame?.contentWindow?.postMessage({ tonari: VERSION, ...message }, this.origin);
  }
}

if (!customElements.get("tonari-map")) customElements.define("tonari-map", TonariMap);
