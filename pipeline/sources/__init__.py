"""Reading what municipalities keep: every source becomes one table in JGD2011 degrees."""

from pipeline.sources.read import read_source
from pipeline.sources.table import Facts, Table

__all__ = ["Facts", "Table", "read_source"]
