"""The wines: 178 of them, 13 measurements of each, and the cultivar. ``wine.csv`` has their source and licence."""

import csv
from pathlib import Path
from typing import NamedTuple


class Wines(NamedTuple):
    """The names of the measurements, a row of them for each wine, and its cultivar: 1, 2 or 3."""

    names: tuple[str, ...]
    X: list[list[float]]
    cultivar: list[float]


def read_wines() -> Wines:
    """The wines of ``wine.csv``, in its order."""
    text = Path(__file__).with_name("wine.csv").read_text(encoding="utf-8")
    names, *rows = csv.reader(line for line in text.splitlines() if not line.startswith("#"))
    values = [[float(word) for word in row] for row in rows]
    return Wines(tuple(names[:-1]), [row[:-1] for row in values], [row[-1] for row in values])
