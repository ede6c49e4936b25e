"""Looks at a file before anything parses it: what it is, how large, and whether a part of it is more than its readers bear.

What the zip says of itself is checked and never relied upon: no more of a part is unpacked than the zip's directory has of it.
"""

import copy
import re
import zipfile
from collections.abc import Sequence
from pathlib import Path

from xlparity.files import opened
from xlparity.limits import WorkbookLimits

_PIECE = 1 << 20  # bytes that are unpacked at once
_SMALLEST = 4  # bytes of an element, <a/>
_OF_A_TREE = 2  # how many times as much memory an element of a tree takes as one of a sheet, which is read as a stream
_NAME = re.compile(rb"<(?:[\w.-]+:)?definedName\s")


def read_zip(path: Path, limits: WorkbookLimits) -> bytes:
    """The bytes of a file; raises WorkbookError where it is too large, and OSError where there is none that can be read."""
    with opened(path) as (file, size):
        limits.check("file_bytes", size, "bytes in the file", str(path))
        begin = file.read(4)
        file.seek(0)
        return file.read(size) if begin[:2] == b"PK" else begin  # of what is no zip, its first bytes say what it is


def is_xml(name: str) -> bool:
    """Whether a part of this name is read at all; pictures, fonts and macros are not.

    An item of customXml is whatever somebody put there, and no cell depends on it.
    """
    name = name.lower()
    return name.endswith((".xml", ".rels")) and not name.startswith("customxml/")


def check_directory(entries: Sequence[zipfile.ZipInfo], limits: WorkbookLimits, where: str) -> None:
    """Raises WorkbookError where the zip has too many parts, or parts that together unpack to too much."""
    limits.check("members", len(entries), "parts in the file", where)
    size = sum(entry.file_size for entry in entries if is_xml(entry.filename))
    limits.check("unpacked_bytes", size, "bytes of XML when it is unpacked", where)


class Preflight:
    """Unpacks the parts of one file, whose elements count together; without limits, all that the directory says."""

    def __init__(self, limits: WorkbookLimits | None, entries: Sequence[zipfile.ZipInfo]) -> None:
        self._limits = limits
        self._elements = 0
        most = sum(entry.file_size * _weight(entry.filename) for entry in entries if is_xml(entry.filename))
        self._many = (
            limits is not None and most > _SMALLEST * limits.elements
        )  # else there is room for no more elements

    def unpacked(self, archive: zipfile.ZipFile, entry: zipfile.ZipInfo, where: str) -> bytes:
        """The bytes of a part; raises WorkbookError where it is too much to be parsed, ValueError where its size is another.

        It is unpacked piece by piece. Of a part that is refused, no more is kept, but all is counted.
        """
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):  # ECMA-376, part 2, annex B
            raise ValueError("it is packed in a way that Excel does not read")
        limits = self._limits if is_xml(entry.filename) else None
        more = copy.copy(entry)
        more.file_size += 1  # so that one byte too many is read, if there is one
        pieces: list[bytes] = []
        size = longest = run = elements = 0
        with archive.open(more) as part:
            while piece := part.read(_PIECE if limits is None else min(_PIECE, limits.text_bytes)):
                size += len(piece)
                first = piece.find(b"<")
                run += len(piece) if first < 0 else first
                longest = max(longest, run)
                run = run if first < 0 else len(piece) - piece.rfind(b"<") - 1
                elements += piece.count(b"<") - piece.count(b"</") if self._many else 0
                pieces.append(piece)
                if limits is not None and (longest > limits.text_bytes or elements > limits.elements):
                    pieces.clear()
        if size != entry.file_size:
            raise ValueError(f"it has another size than the {entry.file_size:,} bytes that the zip says")
        if limits is not None:
            limits.check("text_bytes", longest, "bytes of text or in one tag", where)
            self._elements += elements * _weight(entry.filename)
            limits.check("elements", self._elements, "elements, of which those outside of sheets count twice", where)
        found = b"".join(pieces)
        if limits is not None and _weight(entry.filename) > 1:
            limits.check("names", sum(1 for _ in _NAME.finditer(found)), "defined names", where)
        return found


def _weight(name: str) -> int:
    """How often an element of a part counts: outside of sheets, trees are made of all."""
    return 1 if name.lower().startswith("xl/worksheets/sheet") else _OF_A_TREE
