"""The locale of the Excel that computes a workbook: what is read from texts and written into them, and what is refused.

Excel uses the system's separators (Microsoft, "Change the character used to separate thousands or decimals"), and NUMBERVALUE
those of the locale where it is given none (Microsoft's page of NUMBERVALUE).
"""

from dataclasses import replace

import openpyxl
import pytest
from formula_cases import PROGRAMS
from hypothesis import given
from hypothesis import strategies as st
from test_engines import workbook

from xlparity.engines.evaluator import guards
from xlparity.engines.evaluator.functions import FUNCTIONS, english_only
from xlparity.engines.evaluator.functions.conversions import number_text
from xlparity.engines.evaluator.variants import OriginalSession
from xlparity.engines.registry import find_engine
from xlparity.errors import WorkbookError
from xlparity.excel.address import Cell
from xlparity.excel.locales import ENGLISH, LOCALES
from xlparity.excel.prefixes import prefixed
from xlparity.excel.values import ErrorValue, Unsupported
from xlparity.excel.workbook import Formula

VALUE = ErrorValue("#VALUE!")
CELLS = {
    "A1": "1,5",
    "A2": 1.5,
    "A3": "1.5",
    "A4": "1.234,5",
    "A5": 2.25,
    "A6": True,
    "A7": "wahr",
    "A8": "1.234",
    "A9": "abc",
}

GERMAN = [
    # arithmetic reads the decimal comma, the point between thousands, a sign, a percent sign, an exponent
    ('="1,5"+1', 2.5), ("=A1*2", 3.0), ("=A4+0", 1234.5), ("=A8+0", 1234.0), ('="-1.234.567,5"+0', -1234567.5),
    ('="2,5%"*100', 2.5), ('="1,5E3"+0', 1500.0), ('="25"+1', 26.0), ('=-"0,5"', -0.5), ('=--"0,5"', 0.5), ('=SQRT("2,25")', 1.5),
    ('=SUM("1,5",1)', 2.5), ('="2024-01-31"+0', 45322.0), ("=A9+1", VALUE), ("=SUM(A1:A2)", 1.5), ('=VALUE("2,5%")', 0.025),
    ("=ISODD(A1)", True), ('=LEFT("abcdef","2,9")', "ab"),
    # numbers that become texts have it
    ('=A2&"x"', "1,5x"), ('=1234.5&""', "1234,5"), ('=5&""', "5"), ('=CONCATENATE(A2," kg")', "1,5 kg"),
    ('=TEXTJOIN(";",TRUE,A2,A5)', "1,5;2,25"), ('=FIND(",",A2)', 2.0), ("=LEN(A5)", 4.0), ('=SUBSTITUTE(A2,",",".")', "1.5"),
    ('=VALUE(SUBSTITUTE("1.5",".",","))', 1.5), ("=EXACT(A1,A2)", True), ("=A1=A2", False), ("=0.5+(A2&0)", 2.0),
    # separators that are named are those; others are those of the locale
    ('=NUMBERVALUE("2.500,27",",",".")', 2500.27), ('=NUMBERVALUE("2.500,27")', 2500.27),
    ('=NUMBERVALUE("2,500.27",".",",")', 2500.27),
    # criteria
    ('=COUNTIF(A1:A5,">1,5")', 1.0), ('=COUNTIF(A2,"1,5")', 1.0), ('=COUNTIF(A1:A2,1.5)', 2.0), ('=COUNTIF(A1:A2,">"&1.25)', 1.0),
    ('=SUMIF(A2:A5,">=1,5")', 3.75), ('=COUNTIF(A9,"abc")', 1.0), ("=COUNTIF(A6,TRUE)", 1.0),
    # and formulas themselves are the same everywhere
    ("=1.5*2", 3.0), ("=SUM({1.5,2.5})", 4.0), ('=IF(A6,"ja","nein")', "ja"), ("=ADDRESS(1,2)", "$B$1"), ('=INDIRECT("A2")', 1.5),
]  # fmt: skip
REFUSED = [
    # a day and a month, or a number in English
    "=A3+1", '="1.50"+0', '="0.075"+0', '="1,234.5"+0', '="12.34"+0', '=VALUE("1.5")', '=COUNTIF(A2:A3,"1.5")',
    '=COUNTIF(A2,">1.25")',
    # sums of money
    '="$3"+1', '="3 €"+1', '="25 %"+0',
    # formats, and what else the locale decides
    '=TEXT(A2,"0.00")', "=FIXED(A2)", "=DOLLAR(A2)", '=DATEVALUE("2024-01-31")', '=TIMEVALUE("12:00")', "=VALUETOTEXT(A2)",
    "=ARRAYTOTEXT(A1:A2)", '=IMSUM("1,5i","2i")', '=COMPLEX(1.5,2)', '=NUMBERVALUE("1,5",".")',
    # words of Excel's own language
    '=A6&""', "=LEN(A6)", '=NOT("WAHR")', '=NOT("TRUE")', '=IF("falsch",1,2)', '=AND("Wahr",TRUE)', '=COUNTIF(A1:A9,"wahr")',
    '=COUNTIF(A1:A9,"TRUE")', '=COUNTIF(A1:A9,"#N/A")', '=DAYS360(1,100,"WAHR")', "=FORMULATEXT(Z1)", "=ADDRESS(1,2,1,FALSE)",
    '=INDIRECT("R1C1",FALSE)', '=INDIRECT("Z"&A5-1.25&"S1",FALSE)',
]  # fmt: skip


def answers(folder, formulas, name):
    """What each formula gives in a locale, all in one workbook with the cells above."""
    live = {f"Z{row}": formula for row, formula in enumerate(formulas, start=1)}
    book = workbook(folder, S=CELLS | {place: prefixed(formula) for place, formula in live.items()})
    values = find_engine("formulas").load(replace(book, locale=LOCALES[name])).recalculate({})
    found = {cell.a1: value for cell, value in values.items()}
    return {formula: found[place] for place, formula in live.items()}


def test_a_german_excel_reads_and_writes_decimal_commas(tmp_path):
    """A point between thousands is no decimal point: 1.234 is a thousand more than in English."""
    found = answers(tmp_path, [formula for formula, _ in GERMAN], "de-DE")
    assert {f: (found[f], wanted) for f, wanted in GERMAN if found[f] != wanted} == {}


def test_what_else_the_locale_decides_is_refused(tmp_path):
    """Computed as in English it would be wrong, and nothing would show it."""
    found = answers(tmp_path, REFUSED, "de-DE")
    assert {f: value for f, value in found.items() if not isinstance(value, Unsupported)} == {}


def test_every_function_that_is_known_in_english_only_is_refused_by_name(tmp_path):
    """The reason names the function and the locale."""
    assert FUNCTIONS.keys() >= english_only()
    found = answers(tmp_path, ['=TEXT(1,"0")', "=IMABS(A1)"], "it-IT")
    reasons = [value.reason for value in found.values()]
    assert [reason.partition(" decides")[0] for reason in reasons] == [
        "TEXT, of which the locale it-IT", "IMABS, of which the locale it-IT",
    ]  # fmt: skip


def test_french_thousands_are_not_known(tmp_path):
    """Their space is one of several, by the version of Windows."""
    texts = ["1 234", "1\u00a0234", "1\u202f234,5", "1.234"]
    found = answers(tmp_path, ['="1,5"+1', '=1.5&""', *(f'="{text}"+0' for text in texts)], "fr-FR")
    first, second, *others = found.values()
    assert (first, second) == (2.5, "1,5")
    assert all(isinstance(value, Unsupported) for value in others)


def test_english_is_the_default_and_stays_what_it_was(tmp_path):
    """1,234 is a thousand there, and 1,5 nothing that is certain."""
    found = answers(
        tmp_path, ['="1,234.5"+0', '=1.5&""', '="$3"+0', '=A6&""', '=TEXT(1.5,"0.00")', '="1,5"+0'], ENGLISH.name
    )
    *known, refused = found.values()
    assert known == [1234.5, "1.5", 3.0, "TRUE", "1.50"]
    assert isinstance(refused, Unsupported)


@given(st.integers(-(10**14), 10**14), st.integers(0, 6), st.sampled_from([*LOCALES]))
def test_a_number_is_read_from_the_text_that_it_becomes(digits, places, name):
    """Whatever the locale, a number joined to a text and taken from it again is the same."""
    number = float(f"{digits}e-{places}")
    with guards.conventions(False, LOCALES[name]):
        assert guards.spelled_number(number_text(number)) == number


def test_two_locales_share_no_compiled_formula(tmp_path):
    """Sessions of one workbook reuse compiled formulas; a format that English knows is refused in German."""
    book = workbook(tmp_path, S={"A1": 1.5, "B1": '=A1&""', "C1": '=TEXT(A1,"0.0")'})
    english = OriginalSession(book)
    german = english.like(replace(book, locale=LOCALES["de-DE"]))
    b, c = Cell("S", 1, 2), Cell("S", 1, 3)
    assert [english.recalculate({})[cell] for cell in (b, c)] == ["1.5", "1.5"]
    assert german.recalculate({})[b] == "1,5"
    assert isinstance(german.recalculate({})[c], Unsupported)


def test_a_variant_of_a_workbook_is_computed_in_its_locale(tmp_path):
    """Suggestions are tried on variants, of which only what changes is computed again."""
    book = replace(workbook(tmp_path, S={"A1": "1,5", "B1": "=A1+1", "C1": "=B1*2"}), locale=LOCALES["de-DE"])
    session = OriginalSession(book)
    c = Cell("S", 1, 3)
    assert session.recalculate({})[c] == 5.0
    variant = session.like(book.edited({Cell("S", 1, 2): Formula('="2,5"+A1')}))
    assert type(variant) is not type(session)
    assert variant.recalculate({})[c] == 8.0


@pytest.mark.parametrize(
    "name",
    ["excelmodel", *PROGRAMS],
)
def test_other_engines_compute_in_english_only(tmp_path, name):
    """They cannot be told, and would read 1.234 as a number near one."""
    book = replace(workbook(tmp_path, S={"A1": "1.234", "B1": "=A1+1"}), locale=LOCALES["de-DE"])
    with pytest.raises(WorkbookError, match="only the engine formulas computes in the locale de-DE"):
        find_engine(name).load(book)


SPEC = """
workbook = "book.xlsx"
reference = "ref.py:f"
sheet = "S"
locale = {}
inputs = {{ x = "A1" }}
outputs = {{ y = "B1", text = "C1" }}
"""


def made(folder, locale, formula='=A1&""'):
    """The spec of a workbook that reads a German text and writes another."""
    book = openpyxl.Workbook()
    book.active.title = "S"
    for address, content in {"A1": 1.5, "A2": "1.234,5", "B1": "=A1*A2", "C1": formula}.items():
        book.active[address] = content
    book.save(folder / "book.xlsx")
    (folder / "ref.py").write_text(
        'def f(x):\n    return {"y": x * 1234.5, "text": f"{x:.15g}".replace(".", ",")}\n', encoding="utf-8"
    )
    (folder / "book.parity.toml").write_text(SPEC.format(locale))
    return folder / "book.parity.toml"


def test_the_locale_of_a_spec_is_the_workbook_s(run, tmp_path):
    """A German workbook is verified against its reference."""
    done = run("verify", made(tmp_path, '"de-DE"'), "--scenarios", "0")
    assert done.code == 0, done.out


def test_without_the_locale_the_same_workbook_is_not_assessed_or_wrong(run, tmp_path):
    """So the test above cannot pass by chance; and no other engine is named that would refuse the file."""
    assert run("verify", made(tmp_path, '"en-US"'), "--scenarios", "0").code == 1
    done = run("verify", made(tmp_path, '"de-DE"', '=TEXT(A1,"0,0")'), "--scenarios", "0")
    assert done.code == 2
    assert "the locale de-DE decides" in " ".join(done.out.split())
    assert "--engine" not in done.out


@pytest.mark.parametrize("locale", ['"de"', '"klingon"', "1", "true", '["de-DE"]'])
def test_a_locale_that_is_not_known_is_one_error(run, tmp_path, locale):
    """With its line, and the ones that there are."""
    done = run("verify", made(tmp_path, locale))
    assert (done.code, done.out) == (2, "")
    assert "book.parity.toml:5: 'locale' is one of en-US, de-DE," in " ".join(done.err.split())
