"""Workbooks that mean harm, or are odd: each with the function that makes it, and how a command on it must end.

A bomb is written piece by piece, so that making it takes neither memory nor a file in the repository.
"""

import io
import os
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

MB = 1 << 20
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
REL = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
SHEET = f'{HEAD}<worksheet xmlns="{MAIN}" xmlns:r="{REL}">'
ROW = '<row r="1"><c r="A1"><v>3</v></c><c r="B1"><f>2*A1</f><v>6</v></c></row>'
"""An input and a formula with its value, with which nothing is wrong."""
XML = "application/vnd.openxmlformats-officedocument.spreadsheetml"

Content: TypeAlias = str | bytes | Iterable[bytes]
FINE, STALE, REFUSED = 0, 3, 2
"""The exit codes of ``recalc --check`` where all is read and computed, where a value is absent, and where something is not."""


@dataclass(frozen=True)
class File:
    """A file by its name, how it is made at a path, and how ``recalc --check`` ends: its code and a piece of what it prints.

    ``quick`` says that it is refused before anything is computed: within 2 s and 300 MB, else 10 s and 1 GB.
    """

    name: str
    make: Callable[[Path], object]
    code: int
    says: str
    quick: bool = False


FILES: list[File] = []


def add(name: str, make: Callable[[], bytes], code: int, says: str, *, quick: bool = False) -> None:
    """Adds a file whose bytes the function makes."""
    FILES.append(File(name, lambda path: path.write_bytes(make()), code, says, quick))


def repeated(piece: str | bytes, times: int, before: str = "", after: str = "") -> Iterator[bytes]:
    """The piece so many times, about a megabyte at once."""
    piece = piece.encode() if isinstance(piece, str) else piece
    at_once = max(1, MB // len(piece))
    yield before.encode()
    block = piece * at_once
    for _ in range(times // at_once):
        yield block
    yield piece * (times % at_once)
    yield after.encode()


def table(rows: str, before: str = "", after: str = "") -> str:
    """A sheet's part with these rows."""
    return f"{SHEET}{before}<sheetData>{rows}</sheetData>{after}</worksheet>"


def relations(targets: Mapping[str, tuple[str, str]]) -> str:
    """A part of relations: kind and target by id."""
    inside = "".join(
        f'<Relationship Id="{id}" Type="{REL}/{kind}" Target="{target}"/>' for id, (kind, target) in targets.items()
    )
    return f'{HEAD}<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{inside}</Relationships>'


def book(
    sheets: Mapping[str, Content] | Content = "",
    *,
    names: str = "",
    inside: str = "",
    parts: Mapping[str, Content] | None = None,
    kinds: Mapping[str, str] | None = None,
    first: Mapping[str, Content] | None = None,
) -> bytes:
    """The bytes of a workbook; ``kinds`` are the relations of the workbook part to those of the further ``parts``."""
    sheets = sheets if isinstance(sheets, Mapping) else {"Sheet1": sheets or table(ROW)}
    listed = "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, start=1))
    targets = {f"rId{n}": ("worksheet", f"worksheets/sheet{n}.xml") for n in range(1, len(sheets) + 1)}
    targets |= {f"rIdX{n}": (kind, part.removeprefix("xl/")) for n, (part, kind) in enumerate((kinds or {}).items())}
    types = "".join(
        f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{XML}.worksheet+xml"/>'
        for n in range(1, len(sheets) + 1)
    )
    contents: dict[str, Content] = {
        "[Content_Types].xml": f'{HEAD}<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Default Extension="xml" ContentType="application/xml"/><Default Extension="png" ContentType="image/png"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{XML}.sheet.main+xml"/>{types}</Types>',
        "_rels/.rels": relations({"rId1": ("officeDocument", "xl/workbook.xml")}),
        "xl/workbook.xml": f'{HEAD}<workbook xmlns="{MAIN}" xmlns:r="{REL}"><sheets>{listed}</sheets>'
        + (f"<definedNames>{names}</definedNames>" if names else "")
        + f"{inside}</workbook>",
        "xl/_rels/workbook.xml.rels": relations(targets),
        **{f"xl/worksheets/sheet{n}.xml": content for n, content in enumerate(sheets.values(), start=1)},
        **(parts or {}),
    }
    return packed({**(first or {}), **contents} if first else contents)


def packed(parts: Mapping[str, Content], kind: int = zipfile.ZIP_DEFLATED) -> bytes:
    """A zip of the parts."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", kind, compresslevel=1) as archive:
        for name, content in parts.items():
            pieces = (
                [content.encode()] if isinstance(content, str) else [content] if isinstance(content, bytes) else content
            )
            with archive.open(name, "w") as part:
                for piece in pieces:
                    part.write(piece)
    return buffer.getvalue()


def lying(data: bytes, part: str, size: int) -> bytes:
    """The zip with another size of a part in its directory than the part has."""
    changed = bytearray(data)
    for signature, at_size, at_name, at_length in ((b"PK\x01\x02", 24, 46, 28), (b"PK\x03\x04", 22, 30, 26)):
        place = -1
        while (place := changed.find(signature, place + 1)) >= 0:
            (length,) = struct.unpack_from("<H", changed, place + at_length)
            if changed[place + at_name : place + at_name + length] == part.encode():
                struct.pack_into("<I", changed, place + at_size, size)
    return bytes(changed)


def cells(formulas: Mapping[str, str], more: str = "") -> str:
    """A sheet with 3 in A1 and these formulas, without values; each address is in a row of its own, or in the one before."""
    rows: dict[int, list[str]] = {1: ['<c r="A1"><v>3</v></c>']}
    for address, formula in formulas.items():
        letters = address.rstrip("0123456789")
        text = formula.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
        rows.setdefault(int(address[len(letters) :]), []).append(f'<c r="{address}"><f>{text}</f></c>')
    written = "".join(f'<row r="{row}">{"".join(found)}</row>' for row, found in sorted(rows.items()))
    return table(written, after=more)


def formula(text: str) -> bytes:
    """A workbook with this formula in B1."""
    return book(cells({"B1": text}))


def column(count: int, text: Callable[[int], str], letters: str = "B") -> dict[str, str]:
    """So many formulas below one another."""
    return {f"{letters}{n}": text(n) for n in range(1, count + 1)}


def numbers(rows: int, columns: int) -> Iterator[bytes]:
    """A sheet of ones, whose cells have no addresses, with the sum of all in the last row."""
    from openpyxl.utils import get_column_letter  # noqa: PLC0415

    total = f"<row><c><f>SUM(A1:{get_column_letter(columns)}{rows})</f></c></row></sheetData></worksheet>"
    return repeated(f"<row>{'<c><v>1</v></c>' * columns}</row>", rows, f"{SHEET}<sheetData>", total)


# --- what is no file, or no zip --------------------------------------------------------------------------------------


def sparse(path: Path, size: int) -> None:
    """A file of this size, of which the disk holds nothing."""
    with path.open("wb") as file:
        file.truncate(size)


FILES += [
    File("fifo", os.mkfifo, REFUSED, "a pipe or a device, and no file", quick=True),
    File("zeros-device", lambda path: path.symlink_to("/dev/zero"), REFUSED, "a pipe or a device, and no file", quick=True),
    File("null-device", lambda path: path.symlink_to("/dev/null"), REFUSED, "a pipe or a device, and no file", quick=True),
    File("folder", lambda path: path.mkdir(), REFUSED, "cannot be read", quick=True),
    File("loop", lambda path: path.symlink_to(path.name), REFUSED, "cannot be read", quick=True),
    File("nowhere", lambda path: path.symlink_to("nowhere"), REFUSED, "cannot be read", quick=True),
    File("sparse-20-gb", lambda path: sparse(path, 20_000 * MB), REFUSED, "--allow file_bytes=", quick=True),
    File("sparse-just-below", lambda path: sparse(path, 127 * MB), REFUSED, "not a readable .xlsx file", quick=True),
]  # fmt: skip
for _name, _data, _says in (
    ("empty", b"", "it is empty"),
    ("csv", b"a,b\n1,2\n", "such as CSV"),
    ("compound", b"\xd0\xcf\x11\xe0" + bytes(4096), "saved as .xls, or with a password"),
    ("half", book()[: len(book()) // 2], "not a readable"),
    ("only-a-signature", b"PK\x03\x04", "not a readable"),
    ("an-empty-zip", packed({}), "has no workbook"),
    ("a-zip-of-something", packed({"a.txt": b"a"}), "has no workbook"),
    ("zeros", bytes(10 * MB), "another kind of file"),
    ("gzip", b"\x1f\x8b" + bytes(100), "another kind of file"),
    ("directory-cut", book()[:-10], "not a readable"),
    ("html", b"<html><table><tr><td>1</td></tr></table></html>", "another kind of file"),
):  # fmt: skip
    add(_name, lambda data=_data: data, REFUSED, _says, quick=True)


# --- packages --------------------------------------------------------------------------------------------------------


def flipped() -> bytes:
    data = bytearray(book())
    place = data.find(b"xl/worksheets/sheet1.xml") + 40
    data[place] ^= 0xFF
    return bytes(data)


def twice(one: str, other: str) -> bytes:
    """A zip with a further part, under two names."""
    parts = book()
    buffer = io.BytesIO(parts)
    with zipfile.ZipFile(buffer, "a") as archive:
        archive.writestr(one, "<a/>")
        import warnings  # noqa: PLC0415

        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            archive.writestr(other, "<b/>")
    return buffer.getvalue()


STYLES = f'{HEAD}<styleSheet xmlns="{MAIN}">'


def bomb(size: int, part: str = "xl/styles.xml", kind: str = "styles") -> bytes:
    """A part that unpacks to so many bytes, of white space in well-formed XML."""
    return book(parts={part: repeated(" " * 1000, size // 1000, STYLES, "</styleSheet>")}, kinds={part: kind})


add("bomb-in-styles", lambda: bomb(300 * MB), REFUSED, "--allow unpacked_bytes=", quick=True)
add(
    "bomb-in-strings",
    lambda: bomb(300 * MB, "xl/sharedStrings.xml", "sharedStrings"),
    REFUSED,
    "--allow unpacked_bytes=",
    quick=True,
)
add("bomb-of-1-gb", lambda: bomb(1100 * MB), REFUSED, "--allow unpacked_bytes=", quick=True)
add("bomb-just-below", lambda: bomb(190 * MB), REFUSED, "--allow text_bytes=", quick=True)
add("bomb-lying", lambda: lying(bomb(300 * MB), "xl/styles.xml", 100), REFUSED, "not a readable .xlsx file", quick=True)
add("bomb-lying-in-the-sheet", lambda: lying(book(repeated(" " * 1000, 300_000, SHEET, f"<sheetData>{ROW}</sheetData></worksheet>")),
    "xl/worksheets/sheet1.xml", 500), REFUSED, "not a readable .xlsx file", quick=True)  # fmt: skip
add("bomb-saying-too-much", lambda: lying(book(parts={"xl/styles.xml": STYLES + "</styleSheet>"}), "xl/styles.xml", 2000 * MB),
    REFUSED, "--allow unpacked_bytes=", quick=True)  # fmt: skip
add("bomb-in-a-picture", lambda: book(parts={"xl/media/image1.png": repeated(bytes(1000), 300_000)}), FINE, "PASS")
add(
    "bomb-of-1-gb-in-a-picture",
    lambda: book(parts={"xl/media/image1.png": repeated(bytes(1000), 1_100_000)}),
    FINE,
    "PASS",
)
add("bomb-in-40-parts", lambda: book(parts={f"xl/theme/t{n}.xml": repeated(b" ", 30 * MB, "<a>", "</a>") for n in range(40)}),
    REFUSED, "--allow unpacked_bytes=", quick=True)  # fmt: skip
add(
    "bomb-in-40-pictures",
    lambda: book(parts={f"xl/media/i{n}.png": repeated(bytes(1000), 30_000) for n in range(40)}),
    FINE,
    "PASS",
)
add(
    "bomb-of-rows",
    lambda: book(repeated("<row/>", 20_000_000, f"{SHEET}<sheetData>{ROW}", "</sheetData></worksheet>")),
    REFUSED,
    "--allow elements=",
    quick=True,
)
add(
    "bomb-of-elements",
    lambda: book(repeated("<a/>", 30_000_000, f"{SHEET}<sheetData>{ROW}</sheetData>", "</worksheet>")),
    REFUSED,
    "--allow elements=",
    quick=True,
)
add("bomb-of-elements-in-the-book", lambda: book(inside="<a/>" * 8_000_000), REFUSED, "--allow elements=", quick=True)
add("bomb-of-strings", lambda: book(parts={"xl/sharedStrings.xml": repeated("<si><t>a</t></si>", 10_000_000, f'{HEAD}<sst xmlns="{MAIN}">', "</sst>")},
    kinds={"xl/sharedStrings.xml": "sharedStrings"}), REFUSED, "--allow elements=", quick=True)  # fmt: skip
add(
    "bomb-in-custom-xml",
    lambda: book(parts={"customXml/item1.xml": repeated(" ", 200 * MB, "<a>", "</a>")}),
    FINE,
    "PASS",
)
add("million-cells-too-many", lambda: book(repeated('<c r="A1"><v>1</v></c>', 9_000_000, f"{SHEET}<sheetData><row>", "</row></sheetData></worksheet>")),
    REFUSED, "--allow elements=", quick=True)  # fmt: skip
add("stored-not-packed", lambda: packed(dict(unpacked(book())), zipfile.ZIP_STORED), FINE, "PASS")
add(
    "packed-with-bzip2",
    lambda: packed(dict(unpacked(book())), zipfile.ZIP_BZIP2),
    REFUSED,
    "packed in a way that Excel does not read",
    quick=True,
)
add(
    "packed-with-lzma",
    lambda: packed(dict(unpacked(book())), zipfile.ZIP_LZMA),
    REFUSED,
    "packed in a way that Excel does not read",
    quick=True,
)
add("lzma-bomb", lambda: packed({**dict(unpacked(book())), "xl/styles.xml": repeated(bytes(1000), 300_000)}, zipfile.ZIP_LZMA),
    REFUSED, "--allow unpacked_bytes=", quick=True)  # fmt: skip
add(
    "members-50000",
    lambda: book(parts={f"xl/media/{n}.png": b"" for n in range(50_000)}),
    REFUSED,
    "--allow members=",
    quick=True,
)
add("one-name-twice", lambda: twice("xl/a.xml", "xl/a.xml"), REFUSED, "two parts of one name", quick=True)
add("one-name-in-capitals", lambda: twice("xl/a.xml", "XL/A.xml"), REFUSED, "two parts of one name", quick=True)
add("one-name-leaning", lambda: twice("xl/a.xml", "xl\\a.xml"), REFUSED, "two parts of one name", quick=True)
add("damaged-part", flipped, REFUSED, "not a readable", quick=True)
add("name-that-climbs", lambda: book(parts={"../../etc/passwd": "x"}), FINE, "PASS")
add("name-that-is-absolute", lambda: book(parts={"/etc/passwd": "x"}), FINE, "PASS")
add("name-of-60000", lambda: book(parts={"x" * 60_000: "x"}), FINE, "PASS")
add("name-with-controls", lambda: book(parts={"xl/\x1b[2J\u202e.xml": "<a/>"}), FINE, "PASS")


def unpacked(data: bytes) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for name in archive.namelist():
            yield name, archive.read(name)


def without(part: str) -> bytes:
    return packed({name: content for name, content in unpacked(book()) if name != part})


def changed(part: str, old: str, new: str, data: bytes | None = None) -> bytes:
    parts = dict(unpacked(book() if data is None else data))
    assert old.encode() in parts[part]
    return packed({**parts, part: parts[part].replace(old.encode(), new.encode())})


add("no-relations", lambda: without("_rels/.rels"), REFUSED, "has no workbook", quick=True)
add("no-book", lambda: without("xl/workbook.xml"), REFUSED, "has no workbook", quick=True)
add("no-book-relations", lambda: without("xl/_rels/workbook.xml.rels"), REFUSED, "is missing", quick=True)
add("no-sheet", lambda: without("xl/worksheets/sheet1.xml"), REFUSED, "is missing", quick=True)
add("no-types", lambda: without("[Content_Types].xml"), FINE, "PASS")
add(
    "book-is-its-own-sheet",
    lambda: changed("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "workbook.xml"),
    FINE,
    "",
)
add(
    "relation-to-itself",
    lambda: changed("_rels/.rels", "xl/workbook.xml", "_rels/.rels"),
    REFUSED,
    "let Excel repair it",
    quick=True,
)
add(
    "relation-outside",
    lambda: changed("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "../../../etc/passwd"),
    REFUSED,
    "is missing",
    quick=True,
)
add("relations-100000", lambda: changed("xl/_rels/workbook.xml.rels", "</Relationships>", "".join(
    f'<Relationship Id="x{n}" Type="{REL}/x" Target="x{n}"/>' for n in range(100_000)) + "</Relationships>"), FINE, "PASS")  # fmt: skip
for _part in (
    "xl/workbook.xml",
    "xl/worksheets/sheet1.xml",
    "_rels/.rels",
    "xl/_rels/workbook.xml.rels",
    "[Content_Types].xml",
):
    _short = _part.rpartition("/")[2].strip("[].").replace(".", "-").lower()
    add(
        f"doctype-in-{_short}",
        lambda part=_part: changed(part, HEAD, HEAD + '<!DOCTYPE a [<!ENTITY x "y">]>'),
        REFUSED,
        "document type",
        quick=True,
    )
    add(f"cut-{_short}", lambda part=_part: packed({n: c[: len(c) // 2] if n == part else c for n, c in unpacked(book())}),
        REFUSED, "damaged", quick=True)  # fmt: skip
    add(f"nulls-in-{_short}", lambda part=_part: packed({n: bytes(1000) if n == part else c for n, c in unpacked(book())}),
        REFUSED, "damaged", quick=True)  # fmt: skip
LAUGHS = "".join(f'<!ENTITY l{n} "{(f"&l{n - 1};" if n else "ha") * 10}">' for n in range(10))
add(
    "billion-laughs",
    lambda: changed("xl/worksheets/sheet1.xml", HEAD, f"{HEAD}<!DOCTYPE a [{LAUGHS}]>"),
    REFUSED,
    "document type",
    quick=True,
)
add(
    "doctype-behind-a-comment",
    lambda: changed("xl/worksheets/sheet1.xml", HEAD, f"{HEAD}<!--{'x' * 100_000}--><!DOCTYPE a>"),
    REFUSED,
    "document type",
    quick=True,
)
add(
    "doctype-behind-comments",
    lambda: changed("xl/workbook.xml", HEAD, f"{HEAD}{'<!---->' * 100_000}<!DOCTYPE a>"),
    REFUSED,
    "document type",
    quick=True,
)
add("external-entity", lambda: changed("xl/worksheets/sheet1.xml", HEAD, f'{HEAD}<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
    REFUSED, "document type", quick=True)  # fmt: skip
add("utf-16", lambda: packed({n: c.decode().replace("UTF-8", "UTF-16").encode("utf-16") if n.endswith("sheet1.xml") else c for n, c in unpacked(book())}),
    FINE, "PASS")  # fmt: skip
add("utf-16-doctype", lambda: packed({n: (c.decode().replace(HEAD, "<!DOCTYPE a>")).encode("utf-16") if n.endswith("sheet1.xml") else c
    for n, c in unpacked(book())}), REFUSED, "document type", quick=True)  # fmt: skip
add("encoding-unknown", lambda: changed("xl/worksheets/sheet1.xml", "UTF-8", "klingon"), REFUSED, "damaged", quick=True)
add(
    "not-utf-8",
    lambda: packed({n: c.replace(b"<v>3", b"<v>\xff\xfe3") for n, c in unpacked(book())}),
    REFUSED,
    "damaged",
    quick=True,
)


def attributes(form: str, count: int) -> str:
    """An element with very many attributes."""
    return "<a " + "".join(map(form.format, range(count))) + "/>"


# --- XML -------------------------------------------------------------------------------------------------------------

add(
    "attribute-of-50-mb",
    lambda: book(repeated("x", 50 * MB, f'{SHEET}<sheetData>{ROW}</sheetData><a b="', '"/></worksheet>')),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "attribute-of-50-mb-in-a-cell",
    lambda: book(
        repeated("x", 50 * MB, f'{SHEET}<sheetData><row r="1"><c r="A1" b="', '"/></row></sheetData></worksheet>')
    ),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "attribute-of-50-mb-in-the-book",
    lambda: book(inside=f'<a b="{"x" * 50 * MB}"/>'),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "text-of-200-mb",
    lambda: book(
        repeated(
            "x",
            200 * MB,
            f'{SHEET}<sheetData><row r="1"><c r="A1" t="str"><v>',
            "</v></c></row></sheetData></worksheet>",
        )
    ),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add("text-of-200-mb-in-strings", lambda: book(parts={"xl/sharedStrings.xml": repeated("x", 200 * MB, f'{HEAD}<sst xmlns="{MAIN}"><si><t>', "</t></si></sst>")},
    kinds={"xl/sharedStrings.xml": "sharedStrings"}), REFUSED, "--allow text_bytes=", quick=True)  # fmt: skip
add(
    "text-of-200-mb-in-cdata",
    lambda: book(
        repeated(
            "<",
            200 * MB,
            f'{SHEET}<sheetData><row r="1"><c r="A1" t="str"><v><![CDATA[',
            "]]></v></c></row></sheetData></worksheet>",
        )
    ),
    REFUSED,
    "--allow elements=",
    quick=True,
)
add(
    "comment-of-100-mb",
    lambda: book(repeated("x", 100 * MB, f"{SHEET}<!--", f"--><sheetData>{ROW}</sheetData></worksheet>")),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "instruction-of-100-mb",
    lambda: book(repeated("x", 100 * MB, f"{SHEET}<?a ", f"?><sheetData>{ROW}</sheetData></worksheet>")),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "tag-of-100-mb",
    lambda: book(repeated("x", 100 * MB, f"{SHEET}<", f"/><sheetData>{ROW}</sheetData></worksheet>")),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add(
    "text-of-900-kb",
    lambda: book(cells({"B1": f'LEN("{"x" * 200}")'}).replace("<v>3</v>", f"<v>{'1' * 900_000}</v>")),
    STALE,
    "no value is stored",
)
add(
    "depth-1000000",
    lambda: book(f"{SHEET}<sheetData>{ROW}</sheetData>{'<a>' * 1_000_000}{'</a>' * 1_000_000}</worksheet>"),
    REFUSED,
    "over 256 elements are in one another",
    quick=True,
)
add("depth-900000-in-the-book", lambda: book(inside="<a>" * 900_000 + "</a>" * 900_000), FINE, "PASS")
add("depth-900000-in-strings", lambda: book(parts={"xl/sharedStrings.xml": f'{HEAD}<sst xmlns="{MAIN}"><si>{"<r>" * 900_000}{"</r>" * 900_000}</si></sst>'},
    kinds={"xl/sharedStrings.xml": "sharedStrings"}), FINE, "PASS")  # fmt: skip
add(
    "depth-100-in-an-extension",
    lambda: book(table(ROW, after=f'<extLst><ext uri="x">{"<a>" * 100}{"</a>" * 100}</ext></extLst>')),
    FINE,
    "PASS",
)
add(
    "attributes-500000",
    lambda: book(table(ROW, after=attributes('a{}="x" ', 500_000))),
    REFUSED,
    "--allow text_bytes=",
    quick=True,
)
add("namespaces-50000", lambda: book(table(ROW, after=attributes('xmlns:a{}="x" ', 50_000))), FINE, "PASS")


# --- cells and sheets ------------------------------------------------------------------------------------------------

for _address, _row, _says in (
    ("XFE1", 1, "cell XFE1 is not on the grid"), ("A1048577", 1_048_577, "row 1048577 is not on the grid"), ("AAAA1", 1, "AAAA1"), ("A0", 0, "row 0"),
    ("ZZZ1", 1, "cell ZZZ1 is not on the grid"), ("A99999999999999999999", 99999999999999999999, "row 999999999 is not on the grid"), ("A", 1, "the address 'A'"),
    ("1", 1, "the address '1'"), ("$A$1", 1, "the address '$A$1'"), ("a1", 1, "the address 'a1'"), ("A2", 1, "cell A2 is in row 1"),
    ("Sheet1!A1", 1, "the address 'Sheet1!A1'"), ("Ä1", 1, "the address 'Ä1'"), ("A1:B2", 1, "the address 'A1:B2'"),
):  # fmt: skip
    add(
        f"cell-{_address}",
        lambda a=_address, r=_row: book(table(f'<row r="{r}"><c r="{a}"><v>1</v></c></row>')),
        REFUSED,
        _says,
        quick=True,
    )
for _reference in ("XFE1", "A1048577", "XFE1:XFE3", "A1:A1048577", "XFE:XFE", "1048577:1048577", "ZZZ9999999"):
    add(
        f"reference-{_reference.replace(':', '-')}",
        lambda r=_reference: formula(f"SUM({r})"),
        REFUSED,
        "could not be computed",
    )
add(
    "corner-of-the-grid",
    lambda: book(
        table(
            '<row r="1"><c r="A1"><f>XFD1048576+1</f><v>2</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    ),
    FINE,
    "PASS",
)
add(
    "corner-and-whole-sheet",
    lambda: book(
        table(
            '<row r="1"><c r="A1"><f>SUM(B:XFD)</f><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    ),
    REFUSED,
    "could not be computed",
)
add(
    "corner-and-whole-column",
    lambda: book(
        table(
            '<row r="1"><c r="A1"><f>SUM(XFD:XFD)</f><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    ),
    REFUSED,
    "could not be computed",
)
add(
    "corner-and-whole-rows",
    lambda: book(
        table(
            '<row r="1"><c r="A1"><f>SUM(1048570:1048576)</f><v>1</v></c></row><row r="1048576"><c r="XFD1048576"><v>1</v></c></row>'
        )
    ),
    FINE,
    "PASS",
)
add("whole-sheet-summed", lambda: formula("SUM(C1:XFD1048576)"), REFUSED, "could not be computed")
add("whole-column-summed", lambda: book(cells({"B1": "SUM(A:A)"})), STALE, "no value is stored")
add("whole-column-of-formulas", lambda: book(cells(column(2000, lambda n: "SUM(A:A)"))), STALE, "no value is stored")
add("million-row-column", lambda: book(cells(column(50, lambda n: "SUM(A1:A1000000)"))), STALE, "no value is stored")
add(
    "million-row-columns-apart",
    lambda: book(cells(column(100, lambda n: f"SUM(C{n}:C{n + 999_000})"))),
    STALE,
    "no value is stored",
)
for _tag, _inside in (
    ("mergeCells", '<mergeCell ref="A1:XFD1048576"/>'),
    ("hyperlinks", '<hyperlink ref="A1:XFD1048576" location="x"/>'),
    ("dataValidations", '<dataValidation type="whole" sqref="A1:XFD1048576"><formula1>1</formula1></dataValidation>'),
    ("conditionalFormatting", '<cfRule type="expression" priority="1"><formula>A1=1</formula></cfRule>'),
    ("cols", '<col min="1" max="16384" width="10"/>'),
    ("ignoredErrors", '<ignoredError sqref="A1:XFD1048576" numberStoredAsText="1"/>'),
):  # fmt: skip
    _attribute = ' sqref="A1:XFD1048576"' if _tag == "conditionalFormatting" else ""
    add(
        f"whole-sheet-{_tag}",
        lambda t=_tag, i=_inside, a=_attribute: book(table(ROW, after=f"<{t}{a}>{i}</{t}>")),
        FINE,
        "PASS",
    )
add(
    "whole-sheet-filter",
    lambda: book(
        table(
            ROW,
            after='<autoFilter ref="A1:XFD1048576"><filterColumn colId="0"><top10 val="1"/></filterColumn></autoFilter>',
        )
    ),
    FINE,
    "PASS",
)
add("whole-sheet-table", lambda: book(table('<row r="2"><c r="A2"><f>SUM(T[])</f></c></row>', after='<tableParts count="1"><tablePart r:id="rId1"/></tableParts>'),
    parts={"xl/worksheets/_rels/sheet1.xml.rels": relations({"rId1": ("table", "../tables/t.xml")}),
           "xl/tables/t.xml": f'{HEAD}<table xmlns="{MAIN}" id="1" name="T" displayName="T" ref="A1:XFD1048576"><tableColumns><tableColumn id="1" name="a"/></tableColumns></table>'}),
    REFUSED, "could not be computed")  # fmt: skip
add(
    "merges-100000",
    lambda: book(
        table(
            ROW,
            after="<mergeCells>"
            + "".join(f'<mergeCell ref="A{n}:B{n}"/>' for n in range(2, 100_002))
            + "</mergeCells>",
        )
    ),
    FINE,
    "PASS",
)


def data_table(ref: str, first: str = "C3") -> bytes:
    row = first.lstrip("ABC")
    return book(
        table(
            f'{ROW}<row r="{row}"><c r="{first}"><f t="dataTable" ref="{ref}" dt2D="1" dtr="1" r1="A1" r2="B1"/><v>1</v></c></row>'
        )
    )


add("data-table-whole-sheet", lambda: data_table("C3:XFD1048576"), REFUSED, "could not be computed")
add("data-table-of-a-million", lambda: data_table("C3:CX10002"), REFUSED, "--allow area_cells=", quick=True)
add("data-tables-many-whole-sheet", lambda: book(table(ROW + "".join(
    f'<row r="{n}"><c r="C{n}"><f t="dataTable" ref="C{n}:XFD1048576" dtr="1" r1="A1"/><v>1</v></c></row>' for n in range(3, 103)))), REFUSED, "could not be computed")  # fmt: skip


def array(ref: str, text: str = "A1", first: str = "C1", more: str = "") -> str:
    return f'<row r="1"><c r="A1"><v>3</v></c><c r="{first}"><f t="array" ref="{ref}">{text}</f></c></row>{more}'


add("array-whole-sheet", lambda: book(table(array("C1:XFD1048576"))), REFUSED, "could not be computed")
add("array-whole-column", lambda: book(table(array("C1:C1048576"))), REFUSED, "could not be computed")
add("array-of-a-million", lambda: book(table(array("C1:CX10000"))), REFUSED, "--allow area_cells=", quick=True)
add("array-of-100000", lambda: book(table(array("C1:CX1000"))), STALE, "no value is stored")
add("arrays-100-of-a-million", lambda: book(table("".join(f'<row r="{n * 100 + 1}"><c r="A{n * 100 + 1}"><f t="array" ref="A{n * 100 + 1}:NTP{n * 100 + 99}">1</f></c></row>' for n in range(100)))),
    REFUSED, "--allow area_cells=", quick=True)  # fmt: skip
add("arrays-100-over-one-another", lambda: book(table("".join(f'<row r="{n}"><c r="A{n}"><f t="array" ref="A{n}:CV{n + 9999}">1</f></c></row>' for n in range(1, 101)))),
    REFUSED, "--allow area_cells=", quick=True)  # fmt: skip
add(
    "arrays-in-one-place",
    lambda: book(
        table(
            "".join(
                f'<row r="{n}"><c r="A{n}"><f t="array" ref="A{n}:J{n + 10}">1</f></c></row>' for n in range(1, 101)
            )
        )
    ),
    REFUSED,
    "could not be computed",
)
add("array-backwards", lambda: book(table(array("CX10000:C1"))), REFUSED, "--allow area_cells=", quick=True)
add("array-elsewhere", lambda: book(table(array("D5:E6"))), REFUSED, "could not be computed")
add("array-off-the-grid", lambda: book(table(array("C1:XFE5"))), REFUSED, "could not be computed")
add("array-without-a-place", lambda: book(table(array(""))), REFUSED, "could not be computed")
add(
    "spill-of-a-million",
    lambda: book(table('<row r="1"><c r="A1" cm="1"><f t="array" ref="A1:A1">_xlfn.SEQUENCE(1000,1000)</f></c></row>')),
    REFUSED,
    "could not be computed",
)
add(
    "spill-of-a-billion",
    lambda: book(
        table('<row r="1"><c r="A1" cm="1"><f t="array" ref="A1:A1">_xlfn.SEQUENCE(1000000,1000)</f></c></row>')
    ),
    REFUSED,
    "could not be computed",
)
add(
    "shared-forward",
    lambda: book(
        table(
            '<row r="1"><c r="A1"><f t="shared" si="0"/></c><c r="B1"><f t="shared" ref="A1:B1" si="0">1</f></c></row>'
        )
    ),
    REFUSED,
    "which no cell before it defines",
    quick=True,
)
add(
    "shared-over-the-whole-sheet",
    lambda: book(
        table('<row r="1"><c r="A1"><v>3</v></c><c r="B1"><f t="shared" ref="B1:XFD1048576" si="0">A1</f></c></row>')
    ),
    STALE,
    "no value is stored",
)
add("shared-50000", lambda: book(table('<row r="1"><c r="A1"><v>3</v></c><c r="B1"><f t="shared" ref="B1:B50000" si="0">A1+1</f></c></row>'
    + "".join(f'<row r="{n}"><c r="B{n}"><f t="shared" si="0"/></c></row>' for n in range(2, 50_001)))), STALE, "no value is stored")  # fmt: skip
for _name in (
    "[Content_Types].xml", "xl/workbook.xml", "_rels", "History", "con", "../../x", "_xlnm.Print_Area", "A1", "R1C1", "TRUE", "Sheet1.xml",
    "'", "[1]", "a!b", "x" * 31, "x" * 1000, " ", "", "\u202eabc", "docProps", "#REF!", "1", "=1+1", "a:b",
):  # fmt: skip
    _read = _name not in ("",)
    add(
        f"sheet-called-{_name[:40].replace('/', '-') or 'nothing'}",
        lambda n=_name: book({n.replace("&", "&amp;"): table(ROW)}),
        FINE,
        "PASS",
    )
add("sheet-in-a-reserved-part", lambda: packed({{"xl/worksheets/sheet1.xml": "xl/sharedStrings.xml"}.get(n, n): c.replace(b"worksheets/sheet1.xml", b"sharedStrings.xml")
    for n, c in unpacked(book())}), FINE, "PASS")  # fmt: skip
add(
    "sheet-in-the-types",
    lambda: changed("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "../[Content_Types].xml"),
    FINE,
    "",
)
add("sheets-5000", lambda: book({f"S{n}": table(ROW) for n in range(5000)}), FINE, "PASS")
add("sheets-20000", lambda: book({f"S{n}": table(ROW) for n in range(20_000)}), REFUSED, "--allow members=", quick=True)
add(
    "sheets-5000-summed",
    lambda: book(
        {"S": cells({"B1": "+".join(f"S{n}!B1" for n in range(500))}), **{f"S{n}": table(ROW) for n in range(5000)}}
    ),
    STALE,
    "no value is stored",
)
add(
    "sheets-of-one-name",
    lambda: changed("xl/workbook.xml", "Sheet2", "SHEET1", book({"Sheet1": table(ROW), "Sheet2": table(ROW)})),
    REFUSED,
    "two sheets are called",
    quick=True,
)
add(
    "sheets-on-one-part",
    lambda: changed(
        "xl/_rels/workbook.xml.rels", "sheet2.xml", "sheet1.xml", book({"Sheet1": table(ROW), "Sheet2": table(ROW)})
    ),
    REFUSED,
    "are one part",
    quick=True,
)


# --- names -----------------------------------------------------------------------------------------------------------


def names(count: int, meaning: Callable[[int], str]) -> str:
    return "".join(f'<definedName name="many_{n}">{meaning(n)}</definedName>' for n in range(count))


add(
    "names-1000000",
    lambda: book(names=names(1_000_000, lambda n: "Sheet1!$A$1")),
    REFUSED,
    "--allow elements=",
    quick=True,
)
add(
    "names-200000",
    lambda: book(names=names(200_000, lambda n: "Sheet1!$A$1")),
    REFUSED,
    "--allow names=",
    quick=True,
)
add("names-50000", lambda: book(names=names(50_000, lambda n: f"Sheet1!$A${n + 1}")), FINE, "PASS")
add(
    "names-of-expressions",
    lambda: book(cells({"B1": "many_0"}), names=names(5000, lambda n: f"Sheet1!$A$1+{n}")),
    STALE,
    "no value is stored",
)
add(
    "names-in-a-chain",
    lambda: book(cells({"B1": "many_0+1"}), names=names(5000, lambda n: f"many_{n + 1}+1")),
    REFUSED,
    "could not be computed",
)
add(
    "names-in-a-circle",
    lambda: book(cells({"B1": "many_0+1"}), names=names(3, lambda n: f"many_{(n + 1) % 3}+1")),
    REFUSED,
    "could not be computed",
)
add(
    "names-that-double",
    lambda: book(
        cells({"B1": "many_0+1"}),
        names=names(40, lambda n: f"many_{n + 1}+many_{n + 1}")
        + '<definedName name="many_40">Sheet1!$A$1</definedName>',
    ),
    REFUSED,
    "could not be computed",
)
add(
    "name-of-a-million",
    lambda: book(cells({"B1": "many_0+1"}), names=names(1, lambda n: "1+" * 500_000 + "1")),
    REFUSED,
    "could not be computed",
)
add(
    "name-nested-10000",
    lambda: book(cells({"B1": "many_0+1"}), names=names(1, lambda n: "(" * 10_000 + "1" + ")" * 10_000)),
    REFUSED,
    "could not be computed",
)
add(
    "name-of-the-whole-sheet",
    lambda: book(cells({"B1": "SUM(many_0)"}), names=names(1, lambda n: "Sheet1!$C$1:$XFD$1048576")),
    REFUSED,
    "could not be computed",
)
add(
    "name-twice",
    lambda: book(cells({"B1": "many_0+1"}), names=names(1, lambda n: "1") + names(1, lambda n: "2")),
    REFUSED,
    "could not be computed",
)
add("name-of-nothing", lambda: book(names='<definedName name="">1</definedName>'), REFUSED, "is damaged", quick=True)
add(
    "name-of-no-sheet",
    lambda: book(names='<definedName name="a" localSheetId="7">1</definedName>'),
    REFUSED,
    "is damaged",
    quick=True,
)


# --- formulas --------------------------------------------------------------------------------------------------------

for _name, _text, _quickly in (
    ("plus", "+".join(["1"] * 500_000), True), ("joined", "&".join(['"a"'] * 120_000), True), ("brackets", "(" * 500_000 + "1" + ")" * 500_000, True),
    ("open-brackets", "(" * 1_000_000, True), ("braces", "{" * 1_000_000, True), ("commas", "," * 1_000_000, True), ("signs", "-" * 1_000_000 + "1", True),
    ("unions", "SUM((" + ",".join(["A1"] * 300_000) + "))", True), ("intersections", "SUM(" + " ".join(["A1:A2"] * 150_000) + ")", True),
    ("range-operators", "SUM(" + ":".join(["A1"] * 300_000) + ")", True), ("array-constant", "SUM({" + ",".join(["1"] * 500_000) + "})", True),
    ("percent", "1" + "%" * 1_000_000, True), ("quotes", '"' * 1_000_000, True), ("arguments", "SUM(" + ",".join(["1"] * 500_000) + ")", True),
    ("letters", "a" * 1_000_000, True), ("digits", "1" * 1_000_000, True), ("spaces", " " * 1_000_000 + "1", True), ("apostrophes", "'" * 1_000_000, True),
    ("squares", "[" * 1_000_000, True), ("colons", ":" * 1_000_000, True), ("bangs", "a!" * 500_000, True), ("errors", "#REF!" * 200_000, True),
):  # fmt: skip
    add(f"formula-of-{_name}", lambda t=_text: formula(t), REFUSED, "could not be computed")


def nested(depth: int, before: str, inside: str, after: str) -> str:
    return before * depth + inside + after * depth


add("if-nested-10000", lambda: formula(nested(10_000, "IF(A1,", "1", ",2)")), REFUSED, "could not be computed")
add("if-nested-800", lambda: formula(nested(800, "IF(A1,", "1", ",2)")), REFUSED, "could not be computed")
add("if-nested-64", lambda: formula(nested(64, "IF(A1,", "1", ",2)")), STALE, "no value is stored")
add("if-nested-65", lambda: formula(nested(65, "IF(A1,", "1", ",2)")), REFUSED, "could not be computed")
add("sum-of-255", lambda: formula("SUM(" + ",".join(["A1"] * 255) + ")"), STALE, "no value is stored")
add("sum-of-256", lambda: formula("SUM(" + ",".join(["A1"] * 256) + ")"), REFUSED, "could not be computed")
add("brackets-4000", lambda: formula(nested(4000, "(", "A1", ")")), REFUSED, "could not be computed")
add("brackets-60", lambda: formula(nested(60, "(", "A1", ")")), STALE, "no value is stored")
add("plus-of-8192", lambda: formula("A1" + "+1" * 4095), REFUSED, "more operators in a row than this engine computes")
add("plus-of-8193", lambda: formula("A11" + "+1" * 4095), REFUSED, "could not be computed")
add("references-of-8192", lambda: formula("A1" + "+A1" * 2730), REFUSED, "could not be computed")
add("joined-of-8192", lambda: formula("A1" + '&"a"' * 2047), REFUSED, "could not be computed")
add("signs-of-8000", lambda: formula("-" * 8000 + "A1"), STALE, "no value is stored")
add("percents-of-8000", lambda: formula("A1" + "%" * 8000), REFUSED, "could not be computed")
add("array-constant-of-8000", lambda: formula("SUM({" + ",".join(["1"] * 4000) + "})"), STALE, "no value is stored")
add("powers-of-8000", lambda: formula("A1" + "^A1" * 2600), REFUSED, "could not be computed")
add("quotes-of-8000", lambda: formula('"' * 8000), STALE, "no value is stored")
add("apostrophes-of-8001", lambda: formula("'" * 8001), REFUSED, "could not be computed")
add("squares-of-8000", lambda: formula("a[" * 4000), REFUSED, "could not be computed")
add(
    "many-of-8192",
    lambda: book(cells(column(300, lambda n: f"A1+{n}" + "+1" * 4000))),
    REFUSED,
    "could not be computed",
)
add(
    "many-shapes-of-8192",
    lambda: book(cells(column(300, lambda n: "A1" + "+1" * (4000 - n)))),
    REFUSED,
    "could not be computed",
)
add(
    "shapes-30000",
    lambda: book(cells(column(30_000, lambda n: "A1" + "".join("+-*/"[n >> 2 * k & 3] + "A1" for k in range(8))))),
    STALE,
    "no value is stored",
)
add(
    "shapes-2000",
    lambda: book(cells(column(2000, lambda n: "A1" + "".join("+-*/"[n >> 2 * k & 3] + "A1" for k in range(6))))),
    STALE,
    "no value is stored",
)
add(
    "let-that-doubles",
    lambda: formula(
        "_xlfn.LET("
        + "_xlpm.a,A1,"
        + "".join(
            f"_xlpm.{b},_xlpm.{a}+_xlpm.{a},"
            for a, b in zip("abcdefghijklmnopqrstu", "bcdefghijklmnopqrstuv", strict=True)
        )
        + "_xlpm.v)"
    ),
    REFUSED,
    "could not be computed",
)
add(
    "lambda-of-itself",
    lambda: book(cells({"B1": "f(1)"}), names='<definedName name="f">_xlfn.LAMBDA(_xlpm.x,f(_xlpm.x))</definedName>'),
    REFUSED,
    "could not be computed",
)
add(
    "lambda-with-an-end",
    lambda: book(
        cells({"B1": "f(1000000)"}),
        names='<definedName name="f">_xlfn.LAMBDA(_xlpm.x,IF(_xlpm.x=0,0,f(_xlpm.x-1)))</definedName>',
    ),
    REFUSED,
    "could not be computed",
)
add(
    "makearray-of-a-billion",
    lambda: formula("SUM(_xlfn.MAKEARRAY(1000000,1000,_xlfn.LAMBDA(_xlpm.r,_xlpm.c,_xlpm.r)))"),
    REFUSED,
    "could not be computed",
)
add(
    "reduce-of-a-million",
    lambda: formula("_xlfn.REDUCE(0,_xlfn.SEQUENCE(1000000),_xlfn.LAMBDA(_xlpm.a,_xlpm.b,_xlpm.a+_xlpm.b))"),
    REFUSED,
    "could not be computed",
)


# --- work ------------------------------------------------------------------------------------------------------------

WILD = "a*" * 12 + "b"
for _count in (24, 50, 100):
    _wild = "*a" * _count + "*b"
    _text = "a" * 30_000
    for _function, _call in (
        ("COUNTIF", "COUNTIF(A2:A50,B1)"),
        ("SUMIF", "SUMIF(A2:A50,B1)"),
        ("MATCH", "MATCH(B1,A2:A50,0)"),
        ("SEARCH", "SEARCH(B1,A2)"),
        ("XLOOKUP", "_xlfn.XLOOKUP(B1,A2:A50,A2:A50,0,2)"),
    ):
        add(f"wildcards-{_count}-{_function.lower()}", lambda c=_call, w=_wild, t=_text: book(table(
            f'<row r="1"><c r="B1" t="str"><v>{w}</v></c><c r="C1"><f>{c}</f></c></row>'
            + "".join(f'<row r="{n}"><c r="A{n}" t="str"><v>{t}</v></c></row>' for n in range(2, 51)))), STALE, "no value is stored")  # fmt: skip
add("wildcards-question-marks", lambda: book(table(
    f'<row r="1"><c r="B1" t="str"><v>{"?" * 120 + "*" + "?" * 120 + "b"}</v></c><c r="C1"><f>SEARCH(B1,A2)</f></c></row><row r="2"><c r="A2" t="str"><v>{"a" * 32_000}</v></c></row>')), STALE, "no value is stored")  # fmt: skip
add("regex-that-backtracks", lambda: book(table(
    f'<row r="1"><c r="A1" t="str"><v>{"a" * 40}!</v></c><c r="B1"><f>_xlfn.REGEXTEST(A1,"^(a+)+$")</f></c></row>')), REFUSED, "could not be computed")  # fmt: skip
add(
    "fibonacci-sums",
    lambda: book(cells({"B1": "A1", "B2": "A1", **{f"B{n}": f"SUM(B1:B{n - 1})" for n in range(3, 3000)}})),
    STALE,
    "no value is stored",
)
add(
    "fibonacci-sums-20000",
    lambda: book(cells({"B1": "A1", "B2": "A1", **{f"B{n}": f"SUM(B1:B{n - 1})" for n in range(3, 20_000)}})),
    STALE,
    "no value is stored",
)
add(
    "fibonacci",
    lambda: book(cells({"B1": "A1", "B2": "A1", **{f"B{n}": f"B{n - 1}+B{n - 2}" for n in range(3, 20_000)}})),
    STALE,
    "no value is stored",
)
add(
    "chain-of-50000",
    lambda: book(cells({"B1": "A1", **{f"B{n}": f"B{n - 1}+1" for n in range(2, 50_000)}})),
    STALE,
    "no value is stored",
)
add(
    "circle-of-20000",
    lambda: book(cells({"B1": "B20000", **{f"B{n}": f"B{n - 1}+1" for n in range(2, 20_001)}})),
    REFUSED,
    "could not be computed",
)
add(
    "circle-iterated-32767",
    lambda: book(cells({"B1": "B1+1"}), inside='<calcPr iterate="1" iterateCount="32767" iterateDelta="0"/>'),
    REFUSED,
    "",
)
add(
    "circle-iterated-for-ever",
    lambda: book(cells({"B1": "B1+1"}), inside='<calcPr iterate="1" iterateCount="2000000000" iterateDelta="0"/>'),
    REFUSED,
    "",
)
add(
    "substitute-that-grows",
    lambda: book(
        cells({"B1": 'REPT("a",30000)', **{f"B{n}": f'SUBSTITUTE(B{n - 1},"a","aa")' for n in range(2, 200)}})
    ),
    STALE,
    "no value is stored",
)
add(
    "rept-that-grows",
    lambda: book(cells({"B1": "A1&A1", **{f"B{n}": f"REPT(B{n - 1},2)" for n in range(2, 60)}})),
    STALE,
    "no value is stored",
)
add(
    "joined-that-grows",
    lambda: book(cells({"B1": "A1", **{f"B{n}": f"B{n - 1}&B{n - 1}" for n in range(2, 60)}})),
    STALE,
    "no value is stored",
)
add(
    "rept-10000-times",
    lambda: book(cells(column(10_000, lambda n: f'REPT("a",{32_767 - n % 1000})&"{n}"'))),
    STALE,
    "no value is stored",
)
add(
    "rept-40000-times",
    lambda: book(cells(column(40_000, lambda n: f'REPT("ab{n}",4000)'))),
    STALE,
    "no value is stored",
)
add(
    "rept-of-a-column",
    lambda: book(cells(column(300, lambda n: 'SUM(LEN(REPT("a",A1:A1000)))'))),
    STALE,
    "no value is stored",
)
add(
    "sumproduct-wide", lambda: book(cells({"B1": "SUMPRODUCT((C1:XFD60=1)*(C1:XFD60=2))"})), STALE, "no value is stored"
)
add(
    "sumproduct-wide-many",
    lambda: book(cells(column(200, lambda n: f"SUMPRODUCT((C{n}:XFD{n + 50}=1)*(C{n}:XFD{n + 50}=2))"))),
    STALE,
    "no value is stored",
)
add(
    "sumproduct-of-rows",
    lambda: book(cells(column(500, lambda n: f"SUMPRODUCT((C1:C10000=C{n}:C{n + 9999})*1)"))),
    STALE,
    "no value is stored",
)
add("mmult-of-1000", lambda: formula("SUM(MMULT(C1:ALN1000,C1:ALN1000))"), STALE, "no value is stored")
add("outer-product", lambda: formula("SUMPRODUCT((C1:C10000=D1:N1)*1)"), STALE, "no value is stored")
add(
    "outer-product-of-a-billion",
    lambda: formula("SUMPRODUCT((C1:C1000000=D1:ALN1)*1)"),
    REFUSED,
    "could not be computed",
)
add("sum-of-1000000-by-10", lambda: book(numbers(1_000_000, 10)), REFUSED, "--allow elements=", quick=True)
add("sum-of-100000-by-10", lambda: book(numbers(100_000, 10)), REFUSED, "--allow elements=", quick=True)
add("sum-of-30000-by-10", lambda: book(numbers(30_000, 10)), STALE, "no value is stored")
add("sum-of-blank-1000000-by-100", lambda: formula("SUM(C1:CX1000000)"), REFUSED, "could not be computed")
add(
    "sums-of-blank-columns",
    lambda: book(cells(column(100, lambda n: "+".join(f"SUM({c}1:{c}900000)" for c in ("C", "D", "E", "F"))))),
    REFUSED,
    "could not be computed",
)
add("fact-of-much", lambda: formula("FACT(1E300)+COMBIN(1E15,5E14)+PERMUT(1E9,1E8)"), STALE, "no value is stored")
add("powers-of-much", lambda: formula("9^9^9^9+10^-1E300"), STALE, "no value is stored")
add(
    "dates-far-away",
    lambda: formula('NETWORKDAYS(61,2958465)+WORKDAY(61,2000000)+DATEDIF(61,2958465,"d")'),
    STALE,
    "no value is stored",
)
add("base-of-much", lambda: formula("LEN(BASE(1E15,2,255))+LEN(ROMAN(3999))"), STALE, "no value is stored")
add("nper-of-much", lambda: formula("PMT(1E-300,1E300,1)+RATE(1E9,-1,1E9)+IRR({-1,1,1,1})"), REFUSED, "")
add("bessel-of-much", lambda: formula("BESSELJ(1E300,1E9)"), REFUSED, "")
add("binom-of-much", lambda: formula("BINOMDIST(5E8,1E9,0.5,TRUE)+HYPGEOMDIST(1,1E6,1E6,1E9)"), REFUSED, "")
add("text-of-much", lambda: formula(f'TEXT(A1,"{"0" * 250}")'), STALE, "no value is stored")
add("indirect-of-much", lambda: formula('SUM(INDIRECT("A1:XFD1048576"))'), REFUSED, "could not be computed")
add("offset-of-much", lambda: formula("SUM(OFFSET(A1,0,0,1048576,16384))"), REFUSED, "could not be computed")
add(
    "indirects-in-a-chain",
    lambda: book(cells({"B1": "A1", **{f"B{n}": f'INDIRECT("B"&{n - 1})+1' for n in range(2, 2000)}})),
    STALE,
    "no value is stored",
)
add(
    "offsets-in-a-chain",
    lambda: book(cells({"B1": "A1", **{f"B{n}": f"OFFSET(B{n},-A$1/3,0)+1" for n in range(2, 2000)}})),
    STALE,
    "no value is stored",
)
