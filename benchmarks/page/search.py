"""How long the map page looks through 100,000 names: ``python -m benchmarks.page.search ADDRESS``.

ADDRESS is that of a map of a running server, whose script is measured.
"""

from __future__ import annotations

import re
import sys
import urllib.request

from benchmarks.page.phone import browser

SCAN = """async (address) => {
  const { SearchIndex } = await import(address);
  const signs = [..."東西南北中央上下大小山川田島町村本松原岡野木林石橋井浜浦津江戸門司若畑八幡"];
  let seed = 7;
  const next = () => (seed = (seed * 1103515245 + 12345) % 2147483648) / 2147483648;
  const any = (most) => Math.floor(next() * most);
  const name = () => Array.from({length: 4 + any(8)}, () => signs[any(signs.length)]).join("");
  const names = Array.from({length: 100000}, name);
  const none = "\\n".repeat(names.length - 1);
  const numbers = names.map((_, i) => i);
  const index = new SearchIndex({kanji: {}, layers: [{
    layer: "x", title: "x", names: names.join("\\n"), keys: none, also: none,
    ids: numbers, x: numbers, y: numbers,
  }]});
  const times = Array.from({length: 200}, () => {
    const whole = names[any(names.length)];
    const start = any(2);
    const began = performance.now();
    const { results } = index.find(whole.slice(start, start + 1 + any(4)));
    if (!results.length) throw new Error("not found: " + whole);
    return performance.now() - began;
  });
  return times.sort((a, b) => a - b);
}"""
"""Made-up names of 4 to 11 kanji; queries of one to four characters that stand in one of them."""


def times(address: str) -> list[float]:
    """Return the milliseconds of 200 queries, the shortest first."""
    with urllib.request.urlopen(address) as answer:
        found = re.search(r'"([^"]*/static/[^/"]+)/', answer.read().decode())
    assert found, "no map page"
    with browser() as running:
        page = running.new_context().new_page()
        page.goto(address)
        measured: list[float] = page.evaluate(SCAN, f"{found[1]}/map-search.js")
    return measured


if __name__ == "__main__":
    ordered = times(sys.argv[1])
    for name, share in (("median", 0.5), ("95th of 100", 0.95), ("worst", 1)):
        print(f"{name}: {ordered[round(share * (len(ordered) - 1))]:.1f} ms")
