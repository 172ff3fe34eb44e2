"""What each step of a feed reads of the declaration, and so what its key depends on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from pipeline.config.feeds import Feed
    from pipeline.config.layers import Publisher

REGISTER = "register.csv"
"""The register of ids that a feed leaves, among what its first step made."""


@dataclass(frozen=True)
class Making:
    """A feed as declared, and the folders its files and its register lie in."""

    name: str
    feed: Feed
    publisher: Publisher
    root: Path = field(metadata={"key": False})
    registry: Path = field(metadata={"key": False})


@dataclass(frozen=True)
class Validating:
    """For which day the validators are asked, so that the answer is the same tomorrow."""

    name: str
    on: str


@dataclass(frozen=True)
class Describing:
    """What pages and tiles say of a feed."""

    name: str
    title: str
    attribution: str
    sample: bool


@dataclass(frozen=True)
class Comparing:
    """Which version passengers know, if there is one."""

    name: str
    published: Path | None = field(metadata={"key": False})
