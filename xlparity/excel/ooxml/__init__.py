"""The files of Excel 2007 and later (.xlsx, .xlsm): a zip of XML parts. Nothing else in xlparity reads or changes that XML.

``preflight`` looks at a file before anything parses it. ``package`` takes the zip apart and packs it again, and finds the
parts by their relations; ``book`` reads names, tables and settings, ``reader`` what the cells of a sheet contain, the quick way
that is in ``ordinary`` where it can; ``editor`` changes values, formulas, formats and comments in a file, and adds sheets to it.
"""

from xlparity.excel.ooxml.book import RawLink, RawName, RawTable, link_names, links, read_book, tables
from xlparity.excel.ooxml.editor import (
    NOTHING,
    Content,
    Editor,
    Font,
    NewCell,
    NewRow,
    Sheet,
    StoredXml,
    Styles,
    add_sheet,
    constant,
    isolated,
    replaced,
    result,
    spliced,
    write_comments,
    write_formulas,
    write_values,
)
from xlparity.excel.ooxml.package import (
    Package,
    elements,
    entries,
    pack,
    parsed,
    read_parts,
    related,
    repack,
    sheet_parts,
    without_clock,
    workbook_part,
)
from xlparity.excel.ooxml.preflight import read_zip
from xlparity.excel.ooxml.raw import LOOSE, RawCell
from xlparity.excel.ooxml.reader import (
    decoded,
    scan,
    shared_strings,
    stored_value,
)

__all__ = [
    "LOOSE",
    "NOTHING",
    "Content",
    "Editor",
    "Font",
    "NewCell",
    "NewRow",
    "Package",
    "RawCell",
    "RawLink",
    "RawName",
    "RawTable",
    "Sheet",
    "StoredXml",
    "Styles",
    "add_sheet",
    "constant",
    "decoded",
    "elements",
    "entries",
    "isolated",
    "link_names",
    "links",
    "pack",
    "parsed",
    "read_book",
    "read_parts",
    "read_zip",
    "related",
    "repack",
    "replaced",
    "result",
    "scan",
    "shared_strings",
    "sheet_parts",
    "spliced",
    "stored_value",
    "tables",
    "without_clock",
    "workbook_part",
    "write_comments",
    "write_formulas",
    "write_values",
]
