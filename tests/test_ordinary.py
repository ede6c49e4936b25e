"""The quick way through a table of rows gives what the walk gives, or leaves it to the walk."""

import re
from itertools import accumulate

import pytest
from conftest import examples
from hypothesis import given
from hypothesis import strategies as st

from xlparity.errors import WorkbookError
from xlparity.excel.ooxml import reader, scan

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
SPACES = 'xmlns:mc="urn:mc" xmlns:x14ac="urn:x14ac"'
HEAD = f'<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\r\n<worksheet xmlns="{MAIN}" {SPACES}><sheetPr/><sheetData>'
TAIL = '</sheetData><autoFilter ref="A1:B2"><filterColumn colId="0"><filters/></filterColumn></autoFilter></worksheet>'

FORMULAS = st.sampled_from(
    [
        "",
        "<f>A1+1</f>",
        "<f>IF(A1&gt;1,&quot;&amp;lt;&quot;,B1&amp;'x/y>'!A1)</f>",
        "<f>\n é\U0001f600 </f>",
        "<f></f>",
        "<f/>",
        '<f t="shared" ref="A1:B9" si="{new}">A1*2</f>',
        '<f t="shared" si="{old}"/>',
        '<f t="shared" si="{old}"></f>',
        '<f t="shared" si="{old}" >B2</f>',
        '<f t="array" ref="A1:A2" ca="1">ROW(A1:A2)</f>',
        '<f t="dataTable" ref="B1:B2" dt2D="0" dtr="0" r1="A1"/>',
    ]
)
VALUES = st.sampled_from(
    [
        "",
        "<v>1.5</v>",
        "<v/>",
        "<v />",
        "<v></v>",
        "<v>a &lt; b</v>",
        '<v xml:space="preserve"> a </v>',
        "<v> 1</v>",
        "<is><t>a</t></is>",
        '<is><t xml:space="preserve"> a\n</t></is>',
        "<is><t> a</t></is>",
    ]
)
OF_CELLS = st.sampled_from(
    ["", ' s="1"', ' t="s"', ' s="2" t="str"', ' t="inlineStr"', ' cm="1"', ' t="b" cm="0" vm="1"']
)
OF_ROWS = st.sampled_from(
    [
        "",
        ' spans="1:3"',
        ' spans="1:3" x14ac:dyDescent="0.25"',
        ' hidden="1"',
        ' ht="12.8" hidden="false"',
        ' hidden="true"',
    ]
)
LETTERS = ["A", "B", "C", "Z", "AA", "XFD"]


@st.composite
def tables(draw):
    """Rows and cells in their order, in forms in which programs write them."""
    text, defined = "", 0
    for row in accumulate(draw(st.lists(st.integers(1, 200_000), max_size=4))):
        cells = ""
        for letters in draw(st.sets(st.sampled_from(LETTERS)).map(lambda drawn: sorted(drawn, key=LETTERS.index))):
            formula = draw(FORMULAS if defined else FORMULAS.filter(lambda formula: "{old}" not in formula))
            content = formula.format(new=defined, old=defined - 1) + draw(VALUES)
            defined += "{new}" in formula
            cells += f'<c r="{letters}{row}"{draw(OF_CELLS)}' + (f">{content}</c>" if content else "/>")
        of_row = draw(OF_ROWS)
        text += f'<row r="{row}"{of_row}>{cells}</row>' if cells else f'<row r="{row}"{of_row}/>'
    return text


def outcome(xml):
    """What is read, or why it is refused."""
    try:
        return scan(xml, "sheet")
    except WorkbookError as error:
        return str(error)


def both(xml):
    """The outcomes of the quick way and of the walk, and whether the quick way was taken to the end."""
    taken = []

    def observed(*place):
        found = quick(*place)
        taken.append(found is not None)
        return found

    quick = reader.ordinary
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reader, "ordinary", observed)
        first = outcome(xml)
        patch.setattr(reader, "ordinary", lambda *_: None)
        return first, outcome(xml), taken == [True]


@examples(200)
@given(tables())
def test_a_table_as_programs_write_it_is_read_the_same(table):
    """Entities, self-closing elements, hidden rows, shared formulas: the quick way has its own code for each of them."""
    quick, walk, _ = both(f"{HEAD}{table}{TAIL}".encode())
    assert quick == walk
    assert repr(quick) == repr(walk)  # named tuples are equal to others of their values


SNIPPETS = [
    *(
        "<!-- <v>1</v> -->",
        "<?a b?>",
        "<![CDATA[",
        "]]>",
        "<![CDATA[</sheetData>]]>",
        "&#10;",
        "&#x41;",
        "&bogus;",
        "&gt;",
        "\r\n",
    ),
    *(" ", "\t", "\n", "\x01", "￾", ">", "<", "/", '"', "'", "0", "A1"),
    *(
        "<f>1</f>",
        "<f/>",
        "<v>2</v>",
        "<v/>",
        "<is/>",
        "<t>x</t>",
        "<extLst/>",
        "<x:v/>",
        "<mc:Choice/>",
        "<row/>",
        '<row r="7">',
    ),
    *(
        '<c r="A1"/>',
        "<c><v>1</v></c>",
        '<c r="B2"><v>1</v></c>',
        "</c>",
        "</row>",
        "</v>",
        "</sheetData>",
        "<sheetData>",
    ),
    *(
        ' r="1"',
        ' r="A1"',
        ' xmlns="urn:x"',
        ' xmlns:x="urn:x"',
        ' x14ac:hidden="1"',
        ' x14ac:t="str"',
        ' a=">"',
        ' a="/>"',
    ),
    *(
        " t='str'",
        ' t="&lt;"',
        ' t="shared"',
        ' si="0"',
        ' hidden="1"',
        ' xml:space="preserve"',
        ' xml:space="default"',
    ),
    "<!DOCTYPE worksheet>",
]


PIECE = re.compile(r"""(<[^>]*?(?=[ >/])| [\w:]+=(?:"[^"]*"|'[^']*')|/?>)""")


def pieces_of(text):
    """Tags, attributes and texts."""
    return [piece for piece in PIECE.split(text) if piece]


EVERYTHING = """
<row r="1" spans="1:3" x14ac:dyDescent="0.25"><c r="A1" s="1"/><c r="B1" t="str"><f>"é"&amp;C1</f><v>é</v></c></row>
<row r="3" hidden="1"><c r="A3" t="str"><v>a b</v></c><c r="C3" t="inlineStr"><is><t xml:space="preserve"> a</t></is></c></row>
<row r="4"><c r="A4"><f t="shared" ref="A4:A5" si="0">B4*2</f><v/></c><c r="B4" cm="1"><f/><v>1</v></c></row>
<row r="5"><c r="A5"><f t="shared" si="0"/></c></row><row r="9"/>
""".replace("\n", "")
"""A table that is ordinary, with each form once."""


def same(pieces):
    """Both outcomes, if they are one."""
    quick, walk, _ = both("".join(pieces).encode())
    assert repr(quick) == repr(walk), "".join(pieces)


def test_whatever_is_put_anywhere_in_a_table_has_one_outcome():
    """Between tags, into tags and into texts."""
    assert both(f"{HEAD}{EVERYTHING}{TAIL}".encode())[2]
    pieces = pieces_of(EVERYTHING)
    for snippet in SNIPPETS:
        for place in range(len(pieces) + 1):
            same([HEAD, *pieces[:place], snippet, *pieces[place:], TAIL])
        for place, piece in enumerate(pieces):
            same([HEAD, *pieces[:place], piece[:-1], snippet, piece[-1:], *pieces[place + 1 :], TAIL])


def test_whatever_piece_of_a_table_is_lost_or_replaced_has_one_outcome():
    """Each by each."""
    pieces = pieces_of(EVERYTHING)
    for place in range(len(pieces)):
        same([HEAD, *pieces[:place], *pieces[place + 1 :], TAIL])
        for other in sorted(set(pieces)):
            same([HEAD, *pieces[:place], other, *pieces[place + 1 :], TAIL])


def test_whatever_element_of_a_table_is_lost_doubled_or_moved_has_one_outcome():
    """Rows out of order, cells twice or in another row, formulas twice or before their definition, values before formulas."""
    rows = re.findall(r"<row[^>]*/>|<row.*?</row>", EVERYTHING)
    cells = re.findall(r"<c [^>]*/>|<c .*?</c>", EVERYTHING)
    elements = rows + cells + re.findall(r"<f[^>]*/>|<f.*?</f>|<v/>|<v>.*?</v>|<is>.*?</is>", EVERYTHING)
    elements += [
        '<row r="1048577"/>',
        '<row r="9"><c r="XFE9"><v>1</v></c><c r="ZZZ9"><v>1</v></c></row>',
        '<c r="A1"><v>1</v></c>',
    ]
    for one in elements:
        for other in elements:
            same([HEAD, EVERYTHING.replace(one, other), TAIL])
            same([HEAD, EVERYTHING.replace(one, one + other), TAIL])
            same([HEAD, EVERYTHING.replace(one, other + one), TAIL])
        same([HEAD, EVERYTHING.replace(one, ""), TAIL])


@examples(200)
@given(tables(), st.data())
def test_several_changes_of_a_table_have_one_outcome(table, data):
    """One may hide another."""
    pieces = pieces_of(table)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(pieces)))
        pieces[place : place + data.draw(st.integers(0, 1))] = [data.draw(st.sampled_from([*SNIPPETS, *pieces]))]
    same([HEAD, *pieces, TAIL])


@examples(200)
@given(tables(), st.data())
def test_a_byte_that_is_another_one_has_one_outcome(table, data):
    """Also one that is no UTF-8."""
    xml = bytearray(f"{HEAD}{table}{TAIL}".encode())
    xml[data.draw(st.integers(0, len(xml) - 1))] = data.draw(st.integers(0, 255))
    quick, walk, _ = both(bytes(xml))
    assert repr(quick) == repr(walk)


CELLS = '<row r="1"><c r="A1" t="str"><f>"é"&amp;B1</f><v>é</v></c></row>'


def test_the_quick_way_is_taken_where_all_is_ordinary():
    """Else it would cost time and save none."""
    assert both(f"{HEAD}{CELLS}{TAIL}".encode())[2]
    assert not both(f"{HEAD}{CELLS.replace('A1', 'A2')}{TAIL}".encode())[2]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<sheetPr/><sheetData>", f"<x:sheetData xmlns:x='{MAIN}'><![CDATA[<sheetData>"),
        ("<sheetPr/><sheetData>", f"<x:sheetData xmlns:x='{MAIN}'><!--<sheetData>"),
        ("<sheetPr/>", "<!--<sheetData>--><sheetPr/>"),
        ("<sheetPr/>", "<sheetPr><sheetData/></sheetPr>"),
        ("<sheetPr/>", f"<sheetPr><sheetData>{CELLS}</sheetData></sheetPr>"),
        ('"UTF-8"', '"ISO-8859-1"'),
        ('"UTF-8"', '"US-ASCII"'),
        (' encoding="UTF-8"', ""),
        (MAIN, "urn:other"),
        (MAIN, "http://purl.oclc.org/ooxml/spreadsheetml/main"),
        ("</worksheet>", "<row><c/></row></worksheet>"),
        ("</worksheet>", "<row><x/></row></worksheet>"),
        ("</worksheet>", f"<sheetData>{CELLS}</sheetData></worksheet>"),
        (
            "</worksheet>",
            '<extLst><sheetData><m:x xmlns:m="http://schemas.openxmlformats.org/markup-compatibility/2006"/>',
        ),
        ("</worksheet>", "</worksheet><!-- -->"),
        ("</worksheet>", ""),
    ],
)
def test_what_is_around_the_table_has_one_outcome(old, new):
    """The bytes of a table are none in a comment, in CDATA, in another encoding, namespace or place."""
    xml = f"{HEAD}{CELLS}{TAIL}"
    assert old in xml
    quick, walk, _ = both(xml.replace(old, new).encode())
    assert repr(quick) == repr(walk)
    quick, walk, _ = both(xml.replace(old, new).encode().replace(b"</sheetData>", b"</sheetData>]]></x:sheetData>"))
    assert repr(quick) == repr(walk)
    quick, walk, _ = both(xml.replace(old, new).encode("utf-16"))
    assert repr(quick) == repr(walk)
