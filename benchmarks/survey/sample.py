"""``python -m benchmarks.survey.sample``: writes the survey of the sample, the same every time.

Buildings and land that do not exist, in two cities that do.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

FOLDER = Path("data/sample")
SEED = 352012
CITIES = {
    "kitakyushu": ([(130.8188, 33.9013), (130.8700, 33.8836)], 260),
    "shimonoseki": ([(130.9230, 33.9570), (130.9420, 33.9500)], 180),
}
"""Middles of quarters and number of buildings."""
USES = ("411", "412", "402", "401", "441", "413", "421", "422")
CHANCES = (0.5, 0.16, 0.1, 0.07, 0.05, 0.06, 0.02, 0.04)
LAND = {
    "kitakyushu": ("1", "7", "9", "10", "12", "17", "14"),
    "shimonoseki": ("1", "8", "9", "10", "13", "17", "15"),
}
"""Land use as 福岡県 and 山口県 number it."""
METRE = 1 / 92_000, 1 / 110_900


def main() -> None:
    """Write all files."""
    for city in CITIES:
        chance = np.random.default_rng([SEED, len(city)])
        folder = FOLDER / city
        (folder / "tatemono.geojson").write_text(_buildings(city, chance), encoding="utf-8")
        (folder / "tochi.geojson").write_text(_land(city, chance), encoding="utf-8")


def _buildings(city: str, chance: np.random.Generator) -> str:
    middles, count = CITIES[city]
    features = []
    for number in range(1, count + 1):
        x, y = middles[number % len(middles)] + chance.normal(0, 0.0035, 2)
        wide, deep = chance.uniform(6, 22, 2)
        storeys = int(chance.choice([1, 2, 3, 5, 9], p=[0.3, 0.45, 0.13, 0.08, 0.04]))
        values = {
            "建物番号": f"{number:04d}",
            "用途": str(chance.choice(USES, p=CHANCES)),
            "階数": storeys,
            "延床面積": round(wide * deep * storeys, 1),
            "建築年": int(chance.integers(1955, 2024)),
            "所有者": "見本のため空欄",
        }
        features.append(_feature(values, x, y, wide, deep))
    return _collection(features)


def _land(city: str, chance: np.random.Generator) -> str:
    features = []
    for middle in CITIES[city][0]:
        for row in range(-3, 3):
            for column in range(-3, 3):
                x, y = middle + np.array([column * 120, row * 120]) * METRE
                code = str(chance.choice(LAND[city]))
                features.append(_feature({"土地コード": code}, x, y, 110, 110))
    return _collection(features)


def _feature(values: dict[str, object], x: float, y: float, wide: float, deep: float) -> object:
    east, north = wide * METRE[0], deep * METRE[1]
    ring = [(x, y), (x + east, y), (x + east, y + north), (x, y + north), (x, y)]
    places = [[round(float(a), 6), round(float(b), 6)] for a, b in ring]
    return {
        "type": "Feature",
        "properties": values,
        "geometry": {"type": "Polygon", "coordinates": [places]},
    }


def _collection(features: list[object]) -> str:
    lines = ",\n".join(json.dumps(f, ensure_ascii=False, separators=(",", ":")) for f in features)
    return '{"type":"FeatureCollection","features":[\n' + lines + "\n]}\n"


if __name__ == "__main__":
    main()
