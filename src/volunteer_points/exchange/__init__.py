"""Sheets on their way in: what volunteers signed, read from files as communities have them."""

from volunteer_points.exchange.columns import Column
from volunteer_points.exchange.problems import RowProblem, SheetUnreadable
from volunteer_points.exchange.sheets import Sheet, SheetRow, Skip, SkippedRow, parse_sheet, read_sheet

__all__ = [
    "Column",
    "RowProblem",
    "Sheet",
    "SheetRow",
    "SheetUnreadable",
    "Skip",
    "SkippedRow",
    "parse_sheet",
    "read_sheet",
]
