"""Finds the line of a key in a spec file, for error messages: tomllib returns values without their lines."""

import re
from dataclasses import dataclass

_HEADER = re.compile(r"\s*\[+((?:[^\]\"']|\"[^\"]*\"|'[^']*')+)\]+\s*(?:#.*)?$")


@dataclass(frozen=True, slots=True)
class LineNumbers:
    """The text of a spec file, which is asked for lines."""

    text: str

    def of(self, key: str, check: str, part: str) -> int | None:
        """The line that sets the key or opens its table: in that part of that check, else in such a part, else the first.

        Where no line has the key, the one that opens the check; None where there is none either.
        """
        word = rf"""["']?{re.escape(key)}["']?"""
        sets = re.compile(rf"^\s*(?:\[+.*\b|[\w.\"'-]+\.\s*)?{word}\s*(?:=|\]|\.)|[{{,]\s*{word}\s*=")
        table, opens = "", None
        found: dict[str, int] = {}
        for number, line in enumerate(self.text.splitlines(), 1):
            if header := _HEADER.match(line):
                table = _plain(header[1])
                if opens is None and check and f"{table}.".startswith(f"check.{_plain(check)}."):
                    opens = number
            if sets.search(line):
                found.setdefault(table, number)
        within = f"check.{_plain(check)}"
        nearest_first = (f"{within}.{part}", within, part)
        return next((found[name] for name in nearest_first if name in found), min(found.values(), default=opens))

    def of_entry(self, table: str, number: int, key: str) -> int | None:
        """The line that sets the key in the entry of that number, from 0, of a list of tables; else the entry's first.

        A list that is written in one value, ``accept = [{ … }]``, has no such entries: the line where it begins.
        """
        opens: int | None = None
        for at, line in enumerate(self.text.splitlines(), 1):
            if header := _HEADER.match(line):
                if opens is not None:
                    return opens
                if line.lstrip().startswith("[[") and _plain(header[1]) == _plain(table):
                    opens, number = (at, number) if number == 0 else (None, number - 1)
            elif opens is not None and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
                return at
        within, _, name = table.rpartition(".")
        return opens if opens is not None else self.of(name, within.removeprefix("check."), "")


def _plain(name: str) -> str:
    return re.sub(r"[\s\"']", "", name)
