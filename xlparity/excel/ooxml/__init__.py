"""The files of Excel 2007 and later (.xlsx, .xlsm): a zip of XML parts. Nothing else in xlparity reads or changes that XML.

``package`` takes the zip apart and packs it again, and finds the parts by their relations; ``book`` reads names, tables and
settings, ``reader`` what the cells of a sheet contain; ``editor`` changes values, formulas, formats and comments in a file,
and adds sheets to it.
"""

from xlparity.excel.ooxml.book import RawName, RawTable, read_book, tables
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
    entries,
    pack,
    read_parts,
    repack,
    sheet_parts,
    without_clock,
)
from xlparity.excel.ooxml.reader import (
    LOOSE,
    RawCell,
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
    "RawName",
    "RawTable",
    "Sheet",
    "StoredXml",
    "Styles",
    "add_sheet",
    "constant",
    "decoded",
    "entries",
    "isolated",
    "pack",
    "read_book",
    "read_parts",
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
    "write_comments",
    "write_formulas",
    "write_values",
]
