"""Reading what municipalities keep: every source becomes one table in JGD2011 degrees.

What reads is imported when it is first asked for: whoever only asks which files a source has does
without the libraries that read them.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.sources.read import read_source
    from pipeline.sources.table import Facts, Table

_HOME = {"read_source": "read", "Facts": "table", "Table": "table"}

__all__ = ["Facts", "Table", "read_source"]


def __getattr__(name: str) -> object:
    """Import a public name from its module on first use (PEP 562)."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
