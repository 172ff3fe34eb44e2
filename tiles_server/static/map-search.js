// Search over the names of a map: a scan over one file of our own, asked for when it is wanted.

import { looseKey, searchKey } from "./map-normalise.js";
import { write } from "./map-words.js";

const MOST = 20;
const ELSEWHERE = 3; // in a reading or an address rather than in the name
const LOOSE = 10; // only without voicing and long vowel marks

/** The index of a map, ready to be asked. */
export class SearchIndex {
  /** @param content of /maps/{map}/search.json */
  constructor(content) {
    this.kanji = content.kanji;
    this.layers = content.layers.map((layer) => {
      const names = layer.names.split("\n");
      const keys = layer.keys.split("\n").map((key, i) => key || names[i]);
      return { ...layer, names, keys, also: layer.also.split("\n") };
    });
  }

  /** The best results for what was typed: equal before beginning before inside, names first. */
  find(text, most = MOST) {
    const key = searchKey(text, this.kanji);
    if (!key) return { results: [], count: 0 };
    const best = new Best(most);
    for (const layer of this.layers) {
      for (let i = 0; i < layer.ids.length; i += 1) {
        const rank = rankOf(layer, i, key);
        if (rank >= 0) best.offer(rank, layer, i);
      }
    }
    if (best.count < most) this.lookAgain(looseKey(key), key, best);
    return { results: best.found.map(result), count: best.count };
  }

  /** What agrees only without voicing and long vowel marks; asked for when there is little else. */
  lookAgain(loose, key, best) {
    if (!loose) return;
    for (const layer of this.layers) {
      layer.loose ??= layer.keys.map(looseKey);
      for (let i = 0; i < layer.ids.length; i += 1) {
        const at = layer.loose[i].indexOf(loose);
        if (at >= 0 && rankOf(layer, i, key) < 0) best.offer(LOOSE + place(at, layer.loose[i], loose), layer, i);
      }
    }
  }
}

/** The best few of many, in order, without sorting all of them. */
class Best {
  constructor(most) {
    this.most = most;
    this.found = [];
    this.count = 0;
  }

  offer(rank, layer, i) {
    this.count += 1;
    const one = { rank, layer, i };
    if (this.found.length === this.most && !before(one, this.found[this.most - 1])) return;
    let at = this.found.length;
    while (at > 0 && before(one, this.found[at - 1])) at -= 1;
    this.found.splice(at, 0, one);
    if (this.found.length > this.most) this.found.pop();
  }
}

function before(a, b) {
  if (a.rank !== b.rank) return a.rank < b.rank;
  const [one, other] = [a.layer.names[a.i], b.layer.names[b.i]];
  return one.length !== other.length ? one.length < other.length : one < other;
}

function rankOf(layer, i, key) {
  const at = layer.keys[i].indexOf(key);
  if (at >= 0) return place(at, layer.keys[i], key);
  const other = layer.also[i].indexOf(key);
  if (other >= 0) return ELSEWHERE + place(other, layer.also[i], key);
  return -1;
}

function place(at, text, key) {
  if (at > 0) return 2;
  return text.length === key.length ? 0 : 1;
}

function result({ layer, i }) {
  return {
    name: layer.names[i], id: layer.ids[i], place: [layer.x[i], layer.y[i]],
    layer: layer.layer, inner: layer.inner ?? layer.layer, title: layer.title,
  };
}

/** Connect the search form; `onChoose` is called with the result a reader chooses. */
export function connectSearch(words, onChoose) {
  const form = document.getElementById("search");
  const field = document.getElementById("search-text");
  const list = document.getElementById("search-results");
  const status = document.getElementById("search-status");
  if (!form) return;
  let index = null;

  async function load() {
    index ??= fetch(form.dataset.index).then((response) => {
      if (!response.ok) throw new Error(`search index: ${response.status}`);
      return response.json();
    }).then((content) => new SearchIndex(content));
    return index;
  }

  async function look() {
    const text = field.value;
    if (!text.trim()) {
      list.replaceChildren();
      status.textContent = "";
      return;
    }
    try {
      const found = (await load()).find(text);
      if (text === field.value) show(found);
    } catch (error) {
      console.error(error);
      index = null;
      status.textContent = words.searchFailed;
    }
  }

  function show({ results, count }) {
    list.replaceChildren(...results.map(entry));
    const more = count > results.length ? words.searchMore.replace("{count}", results.length) : "";
    status.textContent = count ? words.searchCount.replace("{count}", count) + more : words.searchNone;
  }

  function entry(found) {
    const button = document.createElement("button");
    button.type = "button";
    const name = document.createElement("span");
    write(name, found.name);
    const of = document.createElement("span");
    of.className = "of";
    write(of, found.title);
    button.append(name, of);
    button.addEventListener("click", () => {
      status.textContent = words.searchChosen.replace("{name}", found.name);
      onChoose(found);
    });
    const item = document.createElement("li");
    item.append(button);
    return item;
  }

  field.addEventListener("focus", () => load().catch(() => { index = null; }), { once: true });
  field.addEventListener("input", look);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    look().then(() => list.querySelector("button")?.focus());
  });
}
