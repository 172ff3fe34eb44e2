"""What a group of processes holds in memory, shared pages counted once (PSS, Linux)."""

from __future__ import annotations

import re
from pathlib import Path


def tree(process: int) -> list[int]:
    """Return a process and all below it."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            found += tree(int(child))
    return found


def proportional_bytes(processes: list[int]) -> int:
    """Return the proportional set size of processes together; one that has ended counts nothing."""
    total = 0
    for process in processes:
        try:
            text = Path(f"/proc/{process}/smaps_rollup").read_text()
        except OSError:
            continue
        if match := re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE):
            total += int(match[1]) * 1024
    return total
