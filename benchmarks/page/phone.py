"""A cheap phone: Chromium with its screen and, if asked, its processor."""

from __future__ import annotations

import os
import shutil
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Request

ARGUMENTS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
PROCESSOR = 4
SCREEN = {"width": 390, "height": 844}
SHOWN = 'html[data-map-state="idle"]'
TIMES = """() => {
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {paint: paint ? paint.startTime : null, now: performance.now()};
}"""


@dataclass
class Visit:
    """One visit to a page with nothing cached.

    Attributes
    ----------
    paint, shown
        Milliseconds until something is to be read, and until the map is drawn.
    requests
        Path and bytes of the body over the wire of everything that was asked for by then, the
        requests of workers included.
    """

    paint: float = 0.0
    shown: float = 0.0
    requests: list[tuple[str, int]] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Bytes of the bodies over the wire."""
        return sum(size for _, size in self.requests)


@contextmanager
def browser() -> Iterator[Browser]:
    """Run Chromium; ``TONARI_CHROMIUM`` names another than the one on the path."""
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - only for tests and benchmarks

    path = os.environ.get("TONARI_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=list(ARGUMENTS))
        yield running
        running.close()


def visit(browser: Browser, address: str, *, slow: bool = True) -> Visit:
    """Open a page once, as somebody who has never been there.

    Parameters
    ----------
    slow
        With the processor of the phone; otherwise only bytes and requests mean something.
    """
    context = browser.new_context(viewport=SCREEN, device_scale_factor=2, locale="ja-JP")
    try:
        page = context.new_page()
        requests: list[Request] = []
        # Playwright marks what it is handed, which a method of a list does not bear.
        page.on("requestfinished", lambda one: requests.append(one))  # noqa: PLW0108
        if slow:
            client = context.new_cdp_session(page)
            client.send("Emulation.setCPUThrottlingRate", {"rate": PROCESSOR})
        page.goto(address, wait_until="commit", timeout=240_000)
        page.wait_for_selector(SHOWN, state="attached", timeout=240_000)
        times = page.evaluate(TIMES)
        return Visit(times["paint"] or 0.0, times["now"], [_told(one) for one in list(requests)])
    finally:
        context.close()


def _told(request: Request) -> tuple[str, int]:
    path = "/" + request.url.split("/", 3)[3]
    return path, max(0, request.sizes()["responseBodySize"])  # negative: from the cache
