"""Cells of many sheets as numbers, so that hundreds of thousands can be compared at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gtfs.timetable.grid import COLUMNS, code_name

if TYPE_CHECKING:
    from gtfs.timetable.trips import Integers

Place = tuple[str, str, str]
"""File, sheet, cell."""
NOWHERE = -1
"""Number of no place at all."""
_CELLS = COLUMNS * 2**20  # of a sheet of Excel


class Places:
    """Numbers for places: that of the first cell of a sheet, and the cell's own on top of it."""

    def __init__(self) -> None:
        self._sheets: dict[tuple[str, str], int] = {}

    def first(self, file: str, sheet: str) -> int:
        """Return the number of the first cell of a sheet."""
        return self._sheets.setdefault((file, sheet), len(self._sheets)) * _CELLS

    def name(self, number: int) -> Place:
        """Return the place of a number; empty for :data:`NOWHERE`."""
        if number == NOWHERE:
            return ("", "", "")
        sheet, cell = divmod(int(number), _CELLS)
        return (*list(self._sheets)[sheet], code_name(cell))

    def numbers(self, files: pd.Series, sheets: pd.Series, cells: pd.Series) -> Integers:
        """Return the numbers of many places, cells given as ``cell_code`` numbers them."""
        file_codes, file_names = pd.factorize(files)
        sheet_codes, sheet_names = pd.factorize(sheets)
        known = file_codes >= 0
        pair_of, pairs = pd.factorize((file_codes * len(sheet_names) + sheet_codes)[known])
        firsts = [
            self.first(str(file_names[file]), str(sheet_names[sheet]))
            for file, sheet in zip(*divmod(pairs, len(sheet_names)), strict=True)
        ]
        numbers = np.full(len(files), NOWHERE, dtype=np.int64)
        numbers[known] = np.array(firsts, dtype=np.int64)[pair_of] + cells[known].to_numpy(np.int64)
        return numbers
