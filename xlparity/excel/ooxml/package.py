"""The zip of a workbook: reads its parts and relationships, and packs them again.

A package that two programs would read as two workbooks is refused here.
"""

import copy
import io
import posixpath
import re
import shutil
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from xlparity.errors import WorkbookError
from xlparity.excel.address import folded
from xlparity.excel.ooxml.preflight import Preflight, check_directory, is_xml
from xlparity.limits import WorkbookLimits

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
"""The namespace of Excel's own elements."""
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
"""The same in a Strict Open XML workbook."""
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
"""The namespace of the attributes that name a relation, and how the kinds of relations begin."""
TYPES = "[Content_Types].xml"
_STRICT_RELATIONS = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_RELATION_SPACES = (RELATIONS, _STRICT_RELATIONS)
_CHOICE = "http://schemas.openxmlformats.org/markup-compatibility/2006"
_NO_CELLS = (
    "/chartsheet",
    "/dialogsheet",
    "/xlMacrosheet",
    "/xlIntlMacrosheet",
)  # kinds of sheets that no formula reads
_COMPOUND = b"\xd0\xcf\x11\xe0"  # how .xls files begin, and .xlsx files that are encrypted
_DOCTYPE = re.compile(rb"(?:\xef\xbb\xbf)?(?:\s++|(?><\?.*?\?>)|(?><!--.*?-->))*+<!DOCTYPE", re.DOTALL)
_IS_WORKBOOK, _IS_TEXTS = ".main+xml", ".sharedStrings+xml"
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time a zip entry can have
_CLOCK = re.compile(rb"(<dcterms:(?:created|modified)[^>]*>)[^<]*")


# --- the zip ---------------------------------------------------------------------------------------------------------


class Package(MutableMapping[str, bytes]):
    """The parts of a package by their names, in its order, each read from the zip when it is first asked for.

    As to Excel, names that differ in case or in which way their slashes lean are one.
    Asking for one raises WorkbookError where it is damaged or has a document type, of which two readers would see two texts.
    """

    def __init__(self, data: bytes, path: Path, limits: WorkbookLimits | None = None) -> None:
        """Raises WorkbookError for bytes that are no zip, that exceed the limits, or have two parts of one name.

        Without ``limits``, those of a file that was read before are not checked again.
        """
        self._path, self._data, self._read = path, data, dict[str, bytes]()
        with self._refusing(""):
            self._archive = zipfile.ZipFile(io.BytesIO(data))
            entries = self._archive.infolist()
            if limits is not None:
                check_directory(entries, limits, str(path))
            _refuse_twins([entry.filename for entry in entries], path)
            self._preflight = Preflight(limits, entries)
            self._names = {_key(entry.filename): entry.filename for entry in entries}
            self._entries = {entry.filename: entry for entry in entries}

    def __getitem__(self, name: str) -> bytes:
        name = self._names[_key(name)]
        if name not in self._read:
            self._read[name] = self._unpacked(name)
        return self._read[name]

    def __setitem__(self, name: str, part: bytes) -> None:
        self._read[self._names.setdefault(_key(name), name)] = part

    def __delitem__(self, name: str) -> None:
        self._read.pop(self._names.pop(_key(name)), None)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and _key(name) in self._names

    def __iter__(self) -> Iterator[str]:
        return iter(self._names.values())

    def __len__(self) -> int:
        return len(self._names)

    def check(self) -> None:
        """Raises WorkbookError where a part of XML that nobody has asked for yet exceeds the limits or is damaged."""
        for name in self:
            if name not in self._read and is_xml(name):
                self._within_limits(name)

    def _within_limits(self, name: str) -> bytes:
        with self._refusing(f"the part {name}: "):
            return self._preflight.unpacked(self._archive, self._entries[name], f"{self._path}: the part {name}")

    def _unpacked(self, name: str) -> bytes:
        part = self._within_limits(name)
        if is_xml(name):
            refuse_doctype(part, f"{self._path}: the part {name}")
        return part

    @contextmanager
    def _refusing(self, what: str) -> Iterator[None]:
        try:
            yield
        except WorkbookError:
            raise
        except Exception as error:  # a damaged archive makes zipfile, zlib and lzma raise whatever they happen to raise
            text = f"{self._path}: not a readable .xlsx file ({what}{_kind(self._data, self._path) or error})"
            raise WorkbookError(f"{text}; save it as an Excel workbook (.xlsx)") from error


def read_parts(data: bytes, path: Path) -> dict[str, bytes]:
    """Every part of the package by its name, in the package's order; raises WorkbookError as ``Package`` does."""
    return dict(Package(data, path))


def _key(name: str) -> str:
    return name.replace("\\", "/").lower()


def _refuse_twins(names: Sequence[str], path: Path) -> None:
    """Excel and Windows ignore the case of a part's name and which way its slashes lean; other programs do not."""
    known: dict[str, str] = {}
    for name in names:
        key = _key(name)
        if (other := known.get(key)) is not None:
            called = f"of one name, {name}" if other == name else f"of one name, {other} and {name}"
            raise WorkbookError(
                f"{path}: the package has two parts {called}; programs read one or the other; delete one, or save the "
                "file in Excel"
            )
        known[key] = name


def refuse_doctype(xml: bytes, where: str) -> None:
    """Raises WorkbookError for a document type: its entities are text to some readers, and Excel opens no such file."""
    if xml[:2] in (b"\xff\xfe", b"\xfe\xff"):
        xml = xml.decode("utf-16", "replace").encode("utf-8", "replace")
    elif b"\0" in xml[:2]:
        xml = xml.decode("utf-16-be" if xml[:1] == b"\0" else "utf-16-le", "replace").encode("utf-8", "replace")
    if _DOCTYPE.match(xml):
        raise WorkbookError(
            f"{where} has a document type (<!DOCTYPE ...>), which Excel refuses and other programs read; remove it there"
        )


def _kind(data: bytes, path: Path) -> str:
    """What the bytes are, where they are plainly no zip; nothing where they are one, and damaged."""
    if path.name.startswith("~$"):
        return "Excel keeps it while the workbook is open; it is not the workbook"
    if data.startswith(_COMPOUND):
        return "it was saved as .xls, or with a password"
    if not data.startswith(b"PK"):
        return "it is another kind of file, such as CSV" if data else "it is empty"
    return ""


def repack(data: bytes, changed: Mapping[str, bytes]) -> bytes:
    """The package with these parts replaced, and those that are new behind the others.

    The others, their order, times and attributes are as they were. They are copied piece by piece, so that a picture is never
    unpacked as a whole.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w") as new:
        new.comment = old.comment
        for entry in old.infolist():
            if entry.filename in changed:
                new.writestr(entry, changed[entry.filename])
                continue
            with old.open(entry) as part, new.open(copy.copy(entry), "w") as same:
                shutil.copyfileobj(part, same)
        for name in sorted(changed.keys() - set(old.namelist())):
            new.writestr(_entry(name), changed[name])
    return buffer.getvalue()


def pack(parts: Mapping[str, bytes]) -> bytes:
    """A zip of the parts that depends on nothing but them: fixed times, no attributes of a machine or a user.

    The parts are sorted, but for the content types, which readers expect first.
    """
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name in sorted(parts, key=lambda name: (name != TYPES, name)):
            archive.writestr(_entry(name), parts[name])
    return buffer.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _EPOCH)
    entry.create_system = 0
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry


def without_clock(parts: Mapping[str, bytes]) -> dict[str, bytes]:
    """The parts with a fixed date in place of when the workbook was created and modified."""
    core = "docProps/core.xml"
    return {**parts, core: _CLOCK.sub(rb"\g<1>2000-01-01T00:00:00Z", parts[core])}


def entries(data: bytes) -> list[tuple[object, ...]]:
    """What the zip says of each part beside its bytes: name, time and attributes. Raises BadZipFile where it is none."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return [
            (e.filename, e.date_time, e.create_system, e.external_attr, e.extra, e.comment) for e in archive.infolist()
        ]


# --- relations -------------------------------------------------------------------------------------------------------


class Relation(NamedTuple):
    """That one part needs another: the relation's id, its kind (a URL), and the name of the other part."""

    id: str
    kind: str
    target: str


def relations_part(part: str) -> str:
    """The part that lists what another one is related to; an empty name is the package's own."""
    folder, name = posixpath.split(part)
    return posixpath.join(folder, "_rels", f"{name}.rels")


def relations(parts: Mapping[str, bytes], part: str, where: str = "") -> list[Relation]:
    """What the part is related to, in the order of the file; errors begin with ``where``."""
    folder = posixpath.dirname(part)
    name = relations_part(part)
    if name not in parts:
        return []
    found = [
        [one.get(key) for key in ("Id", "Type", "Target")] for one in parsed(parts[name], f"{where}the part {name}")
    ]
    return [
        Relation(id, kind, posixpath.normpath(posixpath.join("/", folder, target.replace("\\", "/"))).lstrip("/"))
        for id, kind, target in found
        if id is not None and kind is not None and target is not None
    ]


def related(parts: Mapping[str, bytes], part: str, kind: str, where: str = "") -> str | None:
    """The first part of this kind (``styles``, ``comments``, ...) that another one is related to, if any."""
    return next((found.target for found in relations(parts, part, where) if found.kind.endswith(f"/{kind}")), None)


def workbook_part(parts: Mapping[str, bytes], where: str = "") -> str:
    """The part that is the workbook itself; an empty text where the package has none."""
    return related(parts, "", "officeDocument", where) or ""


def sheet_parts(parts: Mapping[str, bytes], path: Path) -> dict[str, str]:
    """The part that holds each worksheet, by the sheet's name, in the workbook's order.

    Chart sheets, dialogs and sheets of Excel 4 macros are left out. Raises WorkbookError where the package has no workbook,
    no worksheet, or a worksheet whose part is missing.
    """
    try:
        book = workbook_part(parts, f"{path}: ")
        if book not in parts:
            raise WorkbookError(f"{path}: the package has no workbook in it; save it as an Excel workbook (.xlsx)")
        if book.endswith(".bin"):
            raise WorkbookError(f"{path}: a binary workbook (.xlsb); save it as an Excel workbook (.xlsx)")
        root = parsed(parts[book], f"{path}: the part {book}")
        refuse_choices(root, f"{path}: the part {book}", within=("sheets", "definedNames"))
        _refuse_two_meanings(parts, book, path)
        by_id = {relation.id: relation for relation in relations(parts, book, f"{path}: ")}
        found: dict[str, str] = {}
        names: set[str] = set()
        sheets: dict[str, str] = {}
        for sheet in elements(root, "sheet"):
            name = sheet.attrib["name"]
            _, kind, part = by_id.get(relation_in(sheet.attrib, "}", str(path)), ("", "", ""))
            if kind.endswith(_NO_CELLS):
                continue
            if part not in parts:
                raise WorkbookError(f"{path}: the part of sheet '{name}' is missing; let Excel repair it and save it")
            if folded(name) in names:
                raise WorkbookError(f"{path}: two sheets are called '{name}'; let Excel repair it and save it")
            if (other := sheets.get(_key(part))) is not None:
                raise WorkbookError(
                    f"{path}: the sheets '{other}' and '{name}' are one part, {part}; let Excel repair it and save it"
                )
            names.add(folded(name))
            found[name], sheets[_key(part)] = part, name
    except KeyError as error:
        raise WorkbookError(
            f"{path}: a sheet has no {error} in the workbook part; let Excel repair it and save it"
        ) from error
    if not found:
        raise WorkbookError(f"{path}: the workbook has no worksheet; name one that has")
    return found


def parsed(xml: bytes, where: str) -> ElementTree.Element:
    """The root of a part; raises WorkbookError where it is damaged, or in an encoding that is not known."""
    try:
        return ElementTree.fromstring(xml)
    except (ElementTree.ParseError, ValueError, LookupError) as error:
        raise WorkbookError(f"{where} is damaged ({error}); let Excel repair it and save it") from error


def elements(root: ElementTree.Element, name: str) -> Iterator[ElementTree.Element]:
    """All elements of Excel's of this name below the root, in the namespace of a plain or a Strict workbook."""
    space = root.tag.rpartition("}")[0].lstrip("{")
    return root.iter(f"{{{STRICT if space == STRICT else MAIN}}}{name}")


def refuse_choices(root: ElementTree.Element, where: str, within: Sequence[str] = ()) -> None:
    """Raises WorkbookError for a choice of contents, of which each program takes the one that it knows.

    Only what is within elements of these names is looked at, where there are any.
    """
    for place in (found for name in within for found in elements(root, name)) if within else (root,):
        if any(found.tag.startswith(f"{{{_CHOICE}}}") for found in place.iter() if isinstance(found.tag, str)):
            raise WorkbookError(
                f"{where} has contents for some programs and others for the rest; let Excel repair it and save it"
            )


def relation_in(attributes: Mapping[str, str], mark: str, where: str) -> str:
    """The id of the relation that an element's attributes name; in their names, ``mark`` follows the namespace."""
    start = "{" if mark == "}" else ""
    found = [attributes[key] for space in _RELATION_SPACES if (key := f"{start}{space}{mark}id") in attributes]
    if len(found) > 1:
        raise WorkbookError(
            f"{where}: an element names two relations, {' and '.join(found)}; let Excel repair it and save it"
        )
    return found[0] if found else ""


def _refuse_two_meanings(parts: Mapping[str, bytes], book: str, path: Path) -> None:
    """Refuses a package with two workbooks, or two relations of one id, of which programs choose different ones.

    Some find the workbook and the table of texts by their relations, others by their content types.
    """
    books = {
        relation.target for relation in relations(parts, "", f"{path}: ") if relation.kind.endswith("/officeDocument")
    }
    if len(books) > 1:
        raise WorkbookError(
            f"{path}: {relations_part('')} names two workbooks, {' and '.join(sorted(books))}; "
            "let Excel repair it and save it"
        )
    of_book = relations(parts, book, f"{path}: ")
    for name, times in Counter(relation.id for relation in of_book).items():
        if times > 1:
            raise WorkbookError(
                f"{path}: {relations_part(book)} has two relations of the id {name}; let Excel repair it and save it"
            )
    texts = [relation.target for relation in of_book if relation.kind.endswith("/sharedStrings")]
    types = _content_types(parts, f"{path}: ")
    for ending, named in ((_IS_WORKBOOK, [book]), (_IS_TEXTS, texts)):
        typed = [part for part, kind in types if kind.endswith(ending)]
        other = next((part for part in typed if part.lower() not in {name.lower() for name in named}), None)
        if other is not None and named:
            raise WorkbookError(
                f"{path}: {TYPES} gives {other} the type that {named[0]} has by its relation; let Excel repair it and save it"
            )


def _content_types(parts: Mapping[str, bytes], where: str) -> list[tuple[str, str]]:
    """The parts that have a content type of their own, with it, in their order."""
    listing = parts.get(TYPES)
    return [
        (found.get("PartName", "").lstrip("/"), found.get("ContentType", ""))
        for found in (parsed(listing, f"{where}the part {TYPES}") if listing is not None else ())
        if found.tag.rpartition("}")[2] == "Override"
    ]
