"""What all commands share: options, exit codes, progress, tables, JSON."""

from __future__ import annotations

import functools
import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click
from rich.console import Console
from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from pipeline.errors import ReleaseError, TonariError, UndeclaredError
from pipeline.findings import Finding, Severity
from pipeline.progress import Lasting
from pipeline.storage import disk_watched
from tonari.pace import Pace

if TYPE_CHECKING:
    from pipeline.progress import Progress

DONE, FAILED, WRONG_USE = 0, 1, 2
STOPPED = 130
"""Exit status after Ctrl-C, as shells have it."""

MARKS = {
    Severity.ERROR: "[bold red]✖ 誤り error[/]",
    Severity.WARNING: "[yellow]▲ 注意 warning[/]",
    Severity.INFO: "[blue]・ お知らせ note[/]",
}
messages = Console(stderr=True, highlight=False, soft_wrap=True)

F = TypeVar("F", bound=Callable[..., Any])


def common_options(function: F) -> F:
    """Add ``-c``, ``--data`` and ``--json``, and turn our errors into one line and exit 1."""

    @click.option(
        "-c",
        "--config",
        type=click.Path(path_type=Path),
        default=Path("layers.yaml"),
        show_default=True,
        help="The declaration. 設定ファイル",
    )
    @click.option(
        "--data",
        type=click.Path(path_type=Path, file_okay=False),
        default=Path("data"),
        show_default=True,
        help="Folder of releases/ and cache/. 版を置くフォルダー",
    )
    @click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
    @functools.wraps(function)
    def wrapped(*args: Any, as_json: bool, **kwargs: Any) -> Any:
        try:
            _refuse_storage(kwargs["data"])
            with disk_watched(kwargs["data"]):
                return function(*args, as_json=as_json, **kwargs)
        except TonariError as error:
            fail(error, as_json=as_json)

    return wrapped  # type: ignore[return-value]


def _refuse_storage(data: Path) -> None:
    """Stop before a folder called ``s3:`` is made here."""
    if data.parts[:1] == ("s3:",):
        raise ReleaseError(
            "--data is a folder on this machine; a release goes to storage by 'releases push'",
            ja="--data はこの機械のフォルダーです。保存先へは releases push で送ります。",
        )


def memory_option(function: F) -> F:
    """Add ``--memory``, a size like ``2G``, as a number of bytes; 0 is no bound."""

    def bytes_of(context: click.Context, option: click.Parameter, value: str | None) -> int:
        # Only whoever bounds memory has to wait for the tiling engine's rooms.
        from pipeline.tiling.partition.limits import parse_memory  # noqa: PLC0415

        try:
            return 0 if value is None else parse_memory(value)
        except TonariError as error:
            raise click.BadParameter(str(error)) from None

    return click.option(
        "--memory", metavar="SIZE", callback=bytes_of,
        help="Memory the work may take, like 2G; what needs more is cut in parts. メモリーの上限",
    )(function)  # fmt: skip


def scheduler_option(function: F) -> F:
    """Add ``--scheduler``: where steps run."""
    return click.option(
        "--scheduler", metavar="WHERE", default="processes", show_default=True,
        help="serial, processes, local, or the tcp:// address of a Dask scheduler. 実行のしかた",
    )(function)  # fmt: skip


def fail(error: TonariError, *, as_json: bool) -> None:
    """Say what stopped the work and exit 1, or 2 if the command was called wrongly."""
    findings: list[Finding] = getattr(error, "findings", [])
    if as_json:
        print_json({"error": str(error), "findings": [f.as_dict() for f in findings]})
    elif findings:
        print_findings(findings)
    else:
        messages.print("[bold red]✖[/]", end=" ")
        for line in filter(None, (error.ja, str(error))):
            messages.print(line, markup=False)
    sys.exit(WRONG_USE if isinstance(error, UndeclaredError) else FAILED)


def print_json(document: Any) -> None:
    """Write one JSON document to stdout."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=1))


def print_findings(findings: list[Finding], *, least: Severity = Severity.INFO) -> None:
    """Write findings to stderr, worst first, each in Japanese and English."""
    order = list(Severity)
    shown = [f for f in findings if order.index(f.severity) <= order.index(least)]
    for finding in sorted(shown, key=lambda f: order.index(f.severity)):
        messages.print(MARKS[finding.severity], end=" ")
        messages.print(finding.line("ja"), markup=False)
        messages.print(f"    {finding.line('en')}", markup=False, style="dim")


@contextmanager
def progress_shown(*, quiet: bool = False) -> Iterator[Progress]:
    """Lend a progress listener: bars on a terminal, plain lines elsewhere, else lines of JSON."""
    if quiet:
        yield Lasting(_json_listener())
    elif messages.is_terminal:
        with _bars() as bars:
            yield Lasting(_bar_listener(bars))
    else:
        yield Lasting(_line_listener())


def _bars() -> Bars:
    return Bars(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[pace]}"),
        TimeElapsedColumn(),
        console=messages,
        transient=True,
    )


def _bar_listener(bars: Bars) -> Progress:
    tasks: dict[str, Any] = {}
    paces: dict[str, Pace] = {}

    def listen(step: str, done: int, total: int) -> None:
        pace = paces.setdefault(step, Pace()).words(done, total)
        if step not in tasks:
            tasks[step] = bars.add_task(step, total=total or None, pace=pace)
        bars.update(tasks[step], completed=done, total=total or None, pace=pace)

    return listen


def _json_listener() -> Progress:
    """Write an object per line to stderr: the document on stdout comes when all is done."""

    def listen(step: str, done: int, total: int) -> None:
        line = json.dumps({"step": step, "done": done, "total": total}, ensure_ascii=False)
        click.echo(line, err=True)

    return listen


def _line_listener(every_seconds: float = 5.0) -> Progress:
    """Write a line when a step starts and ends, and now and then between."""
    last: dict[str, float] = {}
    paces: dict[str, Pace] = {}

    def listen(step: str, done: int, total: int) -> None:
        now = time.monotonic()
        words = paces.setdefault(step, Pace()).words(done, total)
        if step not in last or done == total or now - last[step] > every_seconds:
            last[step] = now
            messages.print(f"{step} {words}", markup=False)

    return listen
