"""``python -m benchmarks.features``: features by place, value and id, beside tipg and pygeoapi."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import click

from benchmarks.features import database, tables
from benchmarks.features.city import publish, questions
from benchmarks.features.contestants import OUT, PINNED, install, ourselves, pygeoapi, tipg
from benchmarks.features.memory import proportional_bytes, tree
from benchmarks.features.processes import free_port, serving
from benchmarks.report import circumstances, replace_section

if TYPE_CHECKING:
    from benchmarks.features.city import City
    from benchmarks.features.contestants import Contestant

CONNECTIONS = 8
QUESTIONS = 400
WARMING_SECONDS = 1.0
Measured = dict[str, Any]


@click.command()
@click.option("--quick", is_flag=True, help="A small layer, a second each: does it all work?")
@click.option("--size", "sizes", multiple=True, type=int, help="Buildings; 100,000 and 1,000,000.")
@click.option("--seconds", default=6.0, show_default=True, help="Of every measurement.")
@click.option("--write", is_flag=True, help="Put the tables into docs/performance.md.")
def main(quick: bool, sizes: tuple[int, ...], seconds: float, write: bool) -> None:
    """Measure features by place, value and id beside tipg and pygeoapi on PostGIS."""
    OUT.mkdir(parents=True, exist_ok=True)
    parts = [circumstances("benchmarks.features")]
    install()
    parts.append(
        f"PostgreSQL {database.version()} with PostGIS, tipg {PINNED['tipg']} (uvicorn), pygeoapi "
        f"{PINNED['pygeoapi']} (gunicorn); two workers each; {CONNECTIONS} connections for "
        f"{seconds:g} s, nothing compressed.\n"
    )
    if quick:
        sizes, seconds = (2_000,), 1.0
    for size in sizes or (100_000, 1_000_000):
        parts.append(_measure_city(publish(size, OUT / str(size)), seconds))
    text = "\n".join(parts)
    print(text)
    (OUT / "features.md").write_text(text, encoding="utf-8")
    if write:
        replace_section("bench-features", text)


def _measure_city(city: City, seconds: float) -> str:
    asked = questions(city, QUESTIONS)
    results: dict[str, list[tuple[str, Measured]]] = {kind: [] for kind in asked}
    memory: dict[str, tuple[int, int]] = {}
    found: dict[str, list[set[int]]] = {}
    with database.running() as (port, first):
        database.fill(port, city)
        for contestant, own_port in _contestants(city, port):
            _tell(f"{len(city.frame):,}: {contestant.name}")
            variables = dict(contestant.variables)
            path = contestant.path(next(iter(asked.values()))[0])
            with serving(contestant.command, own_port, path, variables) as process:
                for kind, of_kind in asked.items():
                    paths = [contestant.path(question) for question in of_kind]
                    _load(own_port, paths, WARMING_SECONDS)
                    results[kind].append((contestant.name, _load(own_port, paths, seconds)))
                found[contestant.name] = [_found(own_port, contestant, q) for q in _some(asked)]
                behind = database.processes(first) if contestant.database else []
                memory[contestant.name] = (
                    proportional_bytes(tree(process)),
                    proportional_bytes(behind),
                )
    return _section(city, results, memory, _agreement(_some(asked), found))


def _contestants(city: City, database_port: int) -> list[tuple[Contestant, int]]:
    ports = [free_port() for _ in range(3)]
    return [
        (ourselves(city, ports[0]), ports[0]),
        (tipg(database_port, ports[1]), ports[1]),
        (pygeoapi(database_port, ports[2], OUT), ports[2]),
    ]


def _load(port: int, paths: list[str], seconds: float) -> Measured:
    told = {"port": port, "paths": paths, "connections": CONNECTIONS, "seconds": seconds}
    command = [sys.executable, "-m", "benchmarks.features.load"]
    done = subprocess.run(
        command, input=json.dumps(told), check=True, capture_output=True, text=True
    )
    seen: Measured = json.loads(done.stdout)
    if seen["wrong"]:
        raise click.ClickException(f"{seen['wrong']} of {seen['answers']} answers: {paths[0]}")
    return seen


def _some(asked: dict[str, list[str]]) -> list[str]:
    return [question for kind in asked.values() for question in kind[:20] if "=" in question]


def _found(port: int, contestant: Contestant, question: str) -> set[int]:
    """Return the ids of an answer, to see that everybody answers the same question."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", contestant.path(question))
    content = json.loads(connection.getresponse().read())
    connection.close()
    return {int(feature["id"]) for feature in content["features"]}


def _section(
    city: City,
    results: dict[str, list[tuple[str, Measured]]],
    memory: dict[str, tuple[int, int]],
    agreement: str,
) -> str:
    title = f"### {len(city.frame):,} buildings\n"
    sizes = {suffix: city.file(suffix).stat().st_size / 1e6 for suffix in ("parquet", "features")}
    size = (
        f"The index takes {sizes['features']:.1f} MB beside {sizes['parquet']:.1f} MB of GeoParquet"
    )
    built = f"; the whole build took {city.seconds:.0f} s" if city.seconds else ""
    return "\n".join(
        [
            title,
            tables.contest_table(results),
            f"Memory (PSS) after that, what is mapped from files included. {size}{built}.\n",
            tables.memory_table(memory),
            agreement,
        ]
    )


def _agreement(asked: list[str], found: dict[str, list[set[int]]]) -> str:
    """Say how far the answers agree; ours finds what boxes meet, the others what shapes meet.

    Answers cut at their limit are left out: everybody has an order of his own.
    """
    whole = [
        number
        for number, question in enumerate(asked)
        if all(f"limit={len(ids[number])}" not in question for ids in found.values())
    ]
    ours = found["tonari"]
    total = sum(len(ours[number]) for number in whole)
    lines = []
    for name, theirs in found.items():
        missing = sum(len(theirs[number] - ours[number]) for number in whole)
        more = sum(len(ours[number] - theirs[number]) for number in whole)
        if name != "tonari":
            lines.append(f"{name} finds {missing} that we do not find and not {more} that we find")
    return f"Of {total:,} features in {len(whole)} whole answers, " + "; ".join(lines) + ".\n"


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
