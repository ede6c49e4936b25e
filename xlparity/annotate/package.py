"""Parts put into the package of a workbook: which names are free, and where a new part has to be made known."""

import posixpath
import re
from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import quoteattr

from xlparity import ooxml
from xlparity.errors import WorkbookError
from xlparity.patch.outline import appended, outline, spliced

TYPES = "[Content_Types].xml"
RELATION = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_RELATIONS = b'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"></Relationships>'


class Package:
    """The parts of a workbook, some of them changed and some of them new; ``changed`` has these.

    A workbook may have thousands of sheets, each of which gets new parts: what is known of all parts is not found out anew.
    """

    def __init__(self, parts: Mapping[str, bytes], path: Path) -> None:
        self.path = path
        self._changed: dict[str, bytes] = {}
        self._parts = dict(parts)
        self._taken = {name.lower() for name in parts}
        self._numbers: dict[str, int] = {}
        self.last_block: int | None = None  # of the numbers of comments' boxes; None where nobody has looked yet
        self._declared: dict[str, str | None] = {}

    def __getitem__(self, part: str) -> bytes:
        if part not in self._parts:
            raise WorkbookError(f"{self.path}: the part {part} is missing; save the file in Excel")
        return self._parts[part]

    def __setitem__(self, part: str, data: bytes) -> None:
        if self._parts.get(part) != data:
            self._parts[part] = self._changed[part] = data
            self._taken.add(part.lower())

    @property
    def changed(self) -> dict[str, bytes]:
        """The parts that are new or other than before, all of them made known."""
        if self._declared:
            types = self[TYPES]
            known = {
                child.attributes.get("Extension", "").lower()
                for child in outline(types, self.where(TYPES), depth=1).children
                if child.name == "Default"
            }
            new = [tag for tag, ending in self._declared.items() if ending not in known]
            self._declared.clear()
            self._append(TYPES, "".join(new).encode(), types)
        return self._changed

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all parts, in an order that is always the same."""
        return tuple(sorted(self._parts))

    @property
    def workbook(self) -> str:
        """The part that is the workbook itself."""
        return ooxml.workbook_part(self._parts)

    @property
    def sheets(self) -> dict[str, str]:
        """The part of each worksheet, by the sheet's name."""
        return ooxml.sheet_parts(self._parts, self.path)

    def where(self, part: str) -> str:
        """How errors about the part begin."""
        return f"{self.path}: {part}"

    def related(self, part: str, kind: str) -> str | None:
        """The part of this kind that another one is related to, if any."""
        return next((t for k, t in ooxml.relations(self._parts, part).values() if k.endswith(f"/{kind}")), None)

    def targets(self, part: str) -> dict[str, str]:
        """The parts that another one is related to, by the relations' ids."""
        return {name: target for name, (_, target) in ooxml.relations(self._parts, part).items()}

    def free(self, pattern: str) -> str:
        """A name for a new part, ``#`` in the pattern standing for a number; names do not differ in case alone."""
        number = self._numbers.get(pattern, 1)
        while (name := pattern.replace("#", str(number))).lower() in self._taken:
            number += 1
        self._numbers[pattern] = number
        return name

    def relate(self, part: str, kind: str, target: str) -> str:
        """Relates the part to a new one; gives the relation's id."""
        listing = ooxml.relations_part(part)
        known = ooxml.relations(self._parts, part)
        numbers = [int(found[1]) for name in known if (found := re.fullmatch(r"rId(\d+)", name))]
        name = f"rId{max(numbers, default=0) + 1}"
        place = posixpath.relpath(target, posixpath.dirname(part))
        new = f'<Relationship Id="{name}" Type="{RELATION}/{kind}" Target={quoteattr(place)}/>'
        self._append(listing, new.encode(), self._parts.get(listing, _RELATIONS))
        return name

    def declare(self, part: str, kind: str) -> None:
        """Makes the kind of a new part known."""
        self._declared[f'<Override PartName={quoteattr("/" + part)} ContentType="{kind}"/>'] = None

    def declare_ending(self, ending: str, kind: str) -> None:
        """Makes the kind of all parts with this ending known, if it is not."""
        self._declared[f'<Default Extension="{ending}" ContentType="{kind}"/>'] = ending

    def _append(self, part: str, new: bytes, xml: bytes) -> None:
        root = outline(xml, self.where(part), depth=0)
        self[part] = spliced(xml, appended(xml, root, new))
