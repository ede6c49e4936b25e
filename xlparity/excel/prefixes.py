"""The names of functions in a file, where Excel adds a prefix to every function newer than Excel 2007.

``=STDEV.S(A1:A8)``, as a person types it, is in the file as ``=_xlfn.STDEV.S(A1:A8)``. A function whose name is
written in any other way is one that Excel does not know: the cell shows #NAME? until somebody edits it, and Excel reads
what is typed. openpyxl and other programs write a formula just as they are given it, and so do that often.

Sources: [MS-XLSX] 2.2.2, the production future-function-list, and XlsxWriter's "Formulas added in Excel 2010 and later"
("Working with Formulas"); in which of the ways a name is written was checked against workbooks that Excel itself has saved.
The two lists do not agree with Excel everywhere: CONCAT, IFS, MAXIFS, MINIFS, SWITCH and TEXTJOIN have no prefix in the
first, and ISO.CEILING has none in files.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from xlparity.excel.formula import end_of_call, tokens

_PREFIX = re.compile(r"^(?:_xlfn\.|_xlws\.)+", re.IGNORECASE)
_CALL = re.compile(r"[A-Za-z_][\w.]*(?=\()")
_SPILLED = re.compile(r"_xlfn\.ANCHORARRAY\(([^()]+)\)", re.IGNORECASE)
_SINGLE = re.compile(r"_xlfn\.SINGLE\(([^()]+)\)", re.IGNORECASE)
_ANY_PREFIX = re.compile(r"_xl(?:fn|ws|pm|op)\.", re.IGNORECASE)

_XLFN = """
ACOT ACOTH AGGREGATE ANCHORARRAY ARABIC ARRAYTOTEXT BASE BETA.DIST BETA.INV BINOM.DIST BINOM.DIST.RANGE BINOM.INV BITAND
BITLSHIFT BITOR BITRSHIFT BITXOR BYCOL BYROW CEILING.MATH CEILING.PRECISE CHISQ.DIST CHISQ.DIST.RT CHISQ.INV CHISQ.INV.RT
CHISQ.TEST CHOOSECOLS CHOOSEROWS COMBINA CONCAT CONFIDENCE.NORM CONFIDENCE.T COPILOT COT COTH COVARIANCE.P COVARIANCE.S
CSC CSCH DAYS DECIMAL DROP ENCODEURL ERF.PRECISE ERFC.PRECISE EXPAND EXPON.DIST F.DIST F.DIST.RT F.INV F.INV.RT F.TEST
FIELDVALUE FILTERXML FLOOR.MATH FLOOR.PRECISE FORECAST.ETS FORECAST.ETS.CONFINT FORECAST.ETS.SEASONALITY
FORECAST.ETS.STAT FORECAST.LINEAR FORMULATEXT GAMMA GAMMA.DIST GAMMA.INV GAMMALN.PRECISE GAUSS GROUPBY HSTACK
HYPGEOM.DIST IFNA IFS IMAGE IMCOSH IMCOT IMCSC IMCSCH IMSEC IMSECH IMSINH IMTAN ISFORMULA ISOMITTED ISOWEEKNUM LAMBDA LET
LOGNORM.DIST LOGNORM.INV LONGTEXT MAKEARRAY MAP MAXIFS MINIFS MODE.MULT MODE.SNGL MUNIT NEGBINOM.DIST NORM.DIST NORM.INV
NORM.S.DIST NORM.S.INV NUMBERVALUE PDURATION PERCENTILE.EXC PERCENTILE.INC PERCENTOF PERCENTRANK.EXC PERCENTRANK.INC
PERMUTATIONA PHI PIVOTBY POISSON.DIST PQSOURCE QUARTILE.EXC QUARTILE.INC QUERYSTRING RANDARRAY RANK.AVG RANK.EQ REDUCE
REGEXEXTRACT REGEXREPLACE REGEXTEST RRI SCAN SEC SECH SEQUENCE SHEET SHEETS SINGLE SKEW.P SORTBY STDEV.P STDEV.S
STOCKHISTORY SWITCH T.DIST T.DIST.2T T.DIST.RT T.INV T.INV.2T T.TEST TAKE TEXTAFTER TEXTBEFORE TEXTJOIN TEXTSPLIT TOCOL
TOROW TRIMRANGE UNICHAR UNICODE UNIQUE VALUETOTEXT VAR.P VAR.S VSTACK WEBSERVICE WEIBULL.DIST WRAPCOLS WRAPROWS XLOOKUP
XMATCH XOR Z.TEST
"""

FUTURE: Mapping[str, str] = {name: f"_xlfn.{name}" for name in _XLFN.split()} | {
    name: f"_xlfn._xlws.{name}" for name in ("FILTER", "PY", "SORT")
}
"""The functions that have a prefix in a file, each with its name there."""

# Excel writes these without a prefix, and files of its older kind (xls) have some of them with one: whether it reads them
# with one is not documented.
_EITHER = frozenset((
    "AVERAGEIF", "AVERAGEIFS", "COUNTIFS", "CUBEKPIMEMBER", "CUBEMEMBER", "CUBEMEMBERPROPERTY", "CUBERANKEDMEMBER", "CUBESET",
    "CUBESETCOUNT", "CUBEVALUE", "ECMA.CEILING", "IFERROR", "ISO.CEILING", "NETWORKDAYS.INTL", "SUMIFS", "WORKDAY.INTL",
))  # fmt: skip


class Misspelt(NamedTuple):
    """A call by a name that Excel does not know: where it begins and ends, its name in the file and the right one."""

    start: int
    end: int
    name: str
    right: str


def without_prefix(name: str) -> str:
    """A function's name in capitals and without prefixes, as Excel shows it."""
    return _PREFIX.sub("", name).upper()


def stored(name: str) -> str:
    """A function's name as a file has it."""
    return FUTURE.get(without_prefix(name), name)


@lru_cache(maxsize=1 << 12)  # the cells of a sheet share a few shapes, and an engine asks about shapes
def concerns(formula: str) -> bool:
    """Whether a function may have another name in the formula than Excel gives it in a file; a quick look."""
    return any(
        name.upper() != FUTURE.get(bare := without_prefix(name), bare).upper() for name in _CALL.findall(formula)
    )


def misspelt(formula: str) -> list[Misspelt]:
    """The calls by names that Excel does not know although it has the functions, in order; one within another too."""
    calls = _calls(formula) if concerns(formula) else ()
    return [Misspelt(start, end, name, right) for start, end, name in calls if (right := _right(name)) is not None]


def misspelling(formula: str) -> str:
    """What is wrong with the functions' names in the formula, and what comes of it in Excel."""
    calls = misspelt(formula)
    missing = {
        without_prefix(call.name): call.right.removesuffix(without_prefix(call.name))
        for call in calls
        if not has_prefix(call.name)
    }
    wrong = {call.name: call.right for call in calls if has_prefix(call.name)}
    text = [f"{right} is written as {name} in the file" for name, right in wrong.items()]
    if missing:
        prefixes = list(dict.fromkeys(missing.values()))
        one = len(missing) == 1
        which = f"{'is' if one else 'are'} written without {'its' if one else 'their'}"
        whose = f"prefix{'' if len(prefixes) == 1 else 'es'} {' and '.join(prefixes)}"
        text.append(f"{' and '.join(missing)} {which} {whose} in the file")
    until = "" if wrong else " until someone edits the cell and presses Enter"
    return (
        f"{' and '.join(text)}, so {'it is' if len(missing) + len(wrong) == 1 else 'they are'} #NAME? in Excel{until}"
    )


def has_prefix(name: str) -> bool:
    """Whether the name has a prefix, be it the right one or not."""
    return _PREFIX.match(name) is not None


def prefixed(formula: str) -> str:
    """The formula with every function's name as a file has it."""
    for call in reversed(misspelt(formula)):
        formula = formula[: call.start] + call.right + formula[call.start + len(call.name) :]
    return formula


def typed_formula(text: str) -> str:
    """The formula, or a sentence with formulas in it, as a person types them in Excel: ``STDEV.S(A1#)`` and no ``_xlfn.``."""
    if "_xl" not in text.lower():
        return text
    return _ANY_PREFIX.sub("", _SINGLE.sub(r"@\1", _SPILLED.sub(r"\1#", text)))


def as_read(formula: str) -> str:
    """The formula as Excel reads it from a file: #NAME? for each call by a name that it does not know."""
    pieces: list[str] = []
    position = 0
    for call in misspelt(formula):
        if call.start >= position:  # else it is within one before, of which nothing is left
            pieces += formula[position : call.start], "(#NAME?)"
            position = call.end
    return "".join([*pieces, formula[position:]])


def undocumented(formula: str) -> str | None:
    """Why it is not known what Excel makes of the names in the formula; None where it is."""
    for _, _, name in _calls(formula) if concerns(formula) else ():
        bare = without_prefix(name)
        if has_prefix(name) and (bare in _EITHER or (bare in FUTURE and FUTURE[bare].upper() != name.upper())):
            return f"the function {bare} by the name {name}, and it is not documented whether Excel reads that"
    return None


def _right(name: str) -> str | None:
    """The name that the file should have instead; None where this one is right, or not known to be wrong."""
    bare = without_prefix(name)
    if not has_prefix(name):
        return FUTURE.get(bare)
    return bare if is_function(bare) and bare not in _EITHER and bare not in FUTURE else None


def is_function(name: str) -> bool:
    """Whether Excel has a function of this name, which has no prefix."""
    from openpyxl.utils import FORMULAE  # noqa: PLC0415  (openpyxl takes a third of a second to load)

    return name.upper() in FORMULAE or name.upper() in FUTURE


def _calls(formula: str) -> Iterator[tuple[int, int, str]]:
    """Every call that is closed, in order: where it begins and ends, and its function's name as written."""
    for token in tokens(formula):
        if token.kind == "function":
            end = end_of_call(formula, token.end - 1)
            if end is not None:
                yield token.start, end, token.text[:-1]
