"""The finding codes: for each its name, meaning, an example, and what to do.

``xlparity rules`` prints these texts; the HTML report and the SARIF log contain them.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]

LEVELS: Mapping[Level, str] = {
    "error": "the check does not pass",
    "warning": "the check may still pass",
    "note": "a remark; the check may still pass",
}
"""What the level of a finding means for the check."""


FindingKind = Literal[
    "formula", "value", "circular", "shape", "unexplained", "unsupported", "inputs", "remark", "disputed", "engines", "stored",
]  # fmt: skip


class Rule(NamedTuple):
    """One finding code: its name, which never changes, its kind, a one-line summary, and the help.

    ``kind`` is what a finding with the code is about:

    - the cause of wrong cells: a ``formula`` that does not compute what the reference does, or a constant in its place; a
      ``value`` that is an error by itself, whatever the reference returns; a ``circular`` reference; a wrong ``shape``;
    - cells without a known cause: ``unexplained`` where they differ, ``unsupported`` where the engine cannot compute them;
    - ``inputs`` with which the check cannot be made, and a ``remark`` on an input;
    - cells ``disputed`` between an engine that finds them right and one that finds them wrong; cells that are wrong with
      several ``engines``, each with another value; a ``stored`` value that is out of date.

    ``level``: an ``error`` keeps its check from passing, a ``warning`` does not, and a ``note`` is a remark.
    ``wrong_example`` is a cell with the fault, ``right_example`` what it should contain, and ``context`` describes the example.
    """

    name: str
    kind: FindingKind
    summary: str
    meaning: str
    wrong_example: str
    right_example: str
    context: str
    action: str
    level: Level = "error"


_WRITE = "Enter the suggested formula, or let 'xlparity verify SPEC --fix OUT' replace it in a copy."

RULES: Mapping[str, Rule] = {
    "XP100": Rule(
        "WrongFormula",
        "formula",
        "a formula that does not compute what the reference does, and for which no fix was found",
        "On the reference's values for its precedents, the formula gives another number, and no small edit of it agrees with "
        "the reference in every sample.",
        "=EXP(A1)-A2*A3",
        "=SQRT(A1)/A2",
        "the reference returns sqrt(a1) / a2",
        "Compare the formula with the line of Python. The finding contains what is known: a constant ratio or offset, or the "
        "inputs for which it differs. Two faults in one formula seldom have a suggestion: correct one and verify again.",
    ),
    "XP101": Rule(
        "WrongFunction",
        "formula",
        "a wrong function, or a function that is missing around an expression",
        "With another function in one place the formula agrees with the reference in every sample.",
        "=LOG(A1)",
        "=LN(A1)",
        "the reference returns log(a1); Excel's LOG is to base 10",
        _WRITE,
    ),
    "XP102": Rule(
        "WrongTerm",
        "formula",
        "a term or a factor that is missing, or one too many",
        "With one term, factor or divisor added or removed the formula agrees with the reference in every sample.",
        "=A1*A2",
        "=A1*A2+$A$3",
        "the reference returns a1 * a2 + a3",
        _WRITE,
    ),
    "XP103": Rule(
        "WrongSign",
        "formula",
        "a plus in place of a minus, or a minus in place of a plus",
        "With one sign changed the formula agrees with the reference in every sample.",
        "=A1+A2*A3",
        "=A1-A2*A3",
        "the reference returns a1 - a2 * a3",
        _WRITE,
    ),
    "XP104": Rule(
        "MisplacedParentheses",
        "formula",
        "parentheses in the wrong place",
        "With the parentheses in another place the formula agrees with the reference in every sample.",
        "=A1+A2/A3",
        "=(A1+A2)/A3",
        "the reference returns (a1 + a2) / a3",
        _WRITE,
    ),
    "XP105": Rule(
        "WrongOperator",
        "formula",
        "a wrong operator or argument, or operands in the wrong order",
        "The formula agrees with another operator, with operands or arguments exchanged, or with TRUE for FALSE.",
        "=A1*A2",
        "=A1/A2",
        "the reference returns a1 / a2",
        _WRITE,
    ),
    "XP106": Rule(
        "WrongReference",
        "formula",
        "a reference to the wrong cell",
        "With another cell in one place the formula agrees with the reference in every sample.",
        "=2*A1",
        "=2*A2",
        "the reference returns 2 * a2",
        _WRITE,
    ),
    "XP107": Rule(
        "WrongRange",
        "formula",
        "a range that is too short, too long or in another place",
        "With another range in one place the formula agrees with the reference in every sample.",
        "=SUM(A1:A2)",
        "=SUM(A1:A3)",
        "the reference returns a1 + a2 + a3",
        _WRITE + " A row that was inserted at the end of a range is the usual cause.",
    ),
    "XP108": Rule(
        "WrongAnchor",
        "formula",
        "a `$` that is missing, or one too many",
        "The first formula is right, and its copies are not: a reference moved as the formula was filled, or did not move.",
        "=A2/SUM(A2:A4)",
        "=A2/SUM(A$1:A$3)",
        "filled down from =A1/SUM(A1:A3); the reference returns a / sum(a)",
        "Enter the suggested formula in all cells of the finding; the $ keeps the reference in its place when it is filled.",
    ),
    "XP109": Rule(
        "WrongAxis",
        "formula",
        "rows and columns confused: a missing TRANSPOSE, or the order of a product",
        "Transposed, or with the factors of a matrix product in another order, the formula agrees with the reference.",
        "{=A1:C3}",
        "{=TRANSPOSE(A1:C3)}",
        "an array formula over three rows and columns; the reference returns a.T",
        _WRITE + " An array formula is entered with Ctrl+Shift+Enter over the whole range.",
    ),
    "XP110": Rule(
        "WrongIteration",
        "formula",
        "the value of the wrong iteration",
        "The formula reads the right quantity, but from another block than the reference does.",
        "=A1*2",
        "=A3*2",
        "in the third block, whose row is 3; the reference doubles the value of the same iteration",
        _WRITE + " A formula that was copied from the block before the last is the usual cause.",
    ),
    "XP111": Rule(
        "WrongNumber",
        "formula",
        "a wrong number or power",
        "With another number in one place the formula agrees with the reference in every sample.",
        "=A1^3",
        "=A1^2",
        "the reference returns a1 ** 2",
        _WRITE,
    ),
    "XP112": Rule(
        "UnlikeItsSiblings",
        "formula",
        "a formula that differs from that of the other cells of its quantity",
        "The other cells of the quantity have one formula and agree with the reference; with that formula this cell does, too.",
        "=EXP(A2)*A1+5",
        "=2*A2",
        "between =2*A1 and =2*A3; the reference returns 2 * a",
        "Fill the formula of its neighbours over the cell.",
    ),
    "XP199": Rule(
        "Unexplained",
        "unexplained",
        "a formula that is right by itself, in a cell that is wrong",
        "The formula is right on the reference's values for its precedents, but its cell is wrong in the workbook: "
        "the cause is in a precedent, in an overflow, or in a cell that no quantity covers.",
        "=1/(1+EXP(-A1)) with -3000 in A1",
        "=1/(1+EXP(-A1)) with -30 in A1",
        "the reference returns 1 / (1 + exp(-a1)); EXP(3000) is #NUM! in Excel and infinite in numpy",
        "Read the finding's message for what is known. Bind the precedents of the formula as outputs, so that each is "
        "compared; for an overflow set ranges of the inputs, or change both sides so that they do not overflow.",
    ),
    "XP201": Rule(
        "HardCoded",
        "formula",
        "a constant in place of a formula",
        "The reference computes the value of the cell from the inputs, and the cell contains a hard-coded number. "
        "It does not change when an input changes, even if it is right for the stored inputs.",
        "4",
        "=2*A2",
        "between =2*A1 and =2*A3, with 2 in A2; the reference returns 2 * a",
        "Enter the suggested formula. Where the number is intended, such as the zeros of a triangular matrix, "
        "set constants = \"allowed\" for the output in the spec.",
    ),
    "XP202": Rule(
        "DoesNotReact",
        "formula",
        "a formula, or a part of one, that does not react to the inputs",
        "The formula agrees on the stored inputs, but a hard-coded number in it keeps it from changing with an input.",
        "=A1-1*A2",
        "=A1-$A$3*A2",
        "A3 contains the learning rate 1; the reference returns a1 - a3 * a2",
        _WRITE,
    ),
    "XP203": Rule(
        "InputHardCoded",
        "inputs",
        "a hard-coded copy of an input, where the other copies are formulas",
        "The input is in every block. The copies in the other blocks are formulas that refer to the first one, and this one "
        "is hard-coded: it does not change when the input is changed.",
        "3",
        "=A1",
        "the second of three blocks; the third has =A2",
        "Fill the formula of the other blocks over the cell.",
    ),
    "XP204": Rule(
        "InputIsFormula",
        "remark",
        "a formula among the hard-coded cells of an input, which fails no check",
        "Most cells of the input are hard-coded, and this one is a formula, so that it cannot be varied by itself.",
        "=A1",
        "7",
        "A1:A3 is an input, and A2 contains the formula",
        "Type the value. Where the formula is intended, leave the cell out of the input.",
        "note",
    ),
    "XP205": Rule(
        "EmptyCell",
        "formula",
        "an empty cell in place of a formula",
        "The spec names the cell as a part of an output, the reference has a value for it, and the cell is empty.",
        "",
        "=2*A2",
        "between =2*A1 and =2*A3; the reference returns 2 * a",
        "Enter the suggested formula, or correct the range in the spec.",
    ),
    "XP206": Rule(
        "FormulaTaken",
        "remark",
        "a formula whose stored value is taken as an input, which fails no check",
        "The spec names the cell as an input, and it contains a formula of RAND, NOW or TODAY, or the input has cut = true. The "
        "formula is cut: scenarios set the cell, and what the formula itself computes is not verified.",
        "=RAND()",
        "0.5",
        "A1 is an input; its stored value is 0.5",
        "Nothing has to be done. To verify the formula as well, bind its cell as an output, and its precedents as inputs.",
        "note",
    ),
    "XP301": Rule(
        "ErrorValue",
        "value",
        "an Excel error value where the reference has a number, a date or a text",
        "The formula itself gives #DIV/0!, #NUM!, #VALUE!, #REF!, #N/A or #NAME?; dependents that only pass the error on are "
        "counted under it.",
        "=A1/C1",
        "=A1/$A$2",
        "C1 is empty; the reference returns a1 / a2",
        "Correct the formula. If the error occurs only for drawn inputs that make no sense, set low and high of the input in "
        "the spec; if the reference should be undefined there, let it return nan.",
    ),
    "XP302": Rule(
        "CircularReference",
        "circular",
        "a circular reference, which Excel does not compute",
        "The formula depends on its own cell, directly or through other cells.",
        "=A1+B1",
        "=A1+$A$2",
        "the formula is in B1; the reference returns a1 + a2",
        "Correct the reference that closes the circle. If it is meant, switch iterative calculation on in the workbook, with a "
        "maximum change of 1E-12, so that Excel's value is the one at which the circle settles; or give each iteration a block.",
    ),
    "XP303": Rule(
        "NotSupported",
        "unsupported",
        "a formula that the engine does not support",
        "The engine does not support the function, or not with these operands, so the cell and its dependents are not "
        "assessed. The cell is not reported as wrong.",
        "=_xlfn.TRIMRANGE(A2)",
        "=SUM(A2)",
        "the reference returns a2; the engine 'formulas' supports no TRIMRANGE",
        "Add another engine, such as --engine libreoffice, or write the formula without the function. 'xlparity engines' "
        "lists what can run here.",
    ),
    "XP305": Rule(
        "EngineAloneWrong",
        "disputed",
        "one engine that differs from the reference and from the other engines",
        "The engine 'formulas', or two other engines, recomputed the cell and agree with the reference. The finding is about "
        "the engine, and does not fail the workbook.",
        "excelmodel: 6.66e-13",
        "formulas: 6.66666666667e-13",
        "=2*A1, where A1 contains 3.333333333333333e-13; excelmodel rounds constants to 15 decimals",
        "Change nothing in the workbook. Leave the engine out, or report the difference to its authors.",
        "warning",
    ),
    "XP306": Rule(
        "EnginesDisagree",
        "engines",
        "engines that differ from the reference and from each other",
        "No engine agrees with the reference, and the engines do not agree on the value either. The cell is wrong; which value "
        "Excel shows is uncertain.",
        "formulas: 2, libreoffice: 3",
        "1 in both",
        "the reference returns 1",
        "Correct the formula as the other findings say, and compare with what Excel itself shows.",
    ),
    "XP307": Rule(
        "OneAgainstOne",
        "disputed",
        "two engines that differ, one of which agrees with the reference",
        "One engine agrees with the reference and one does not, so there is no consensus. The cell is not assessed.",
        "formulas: 2, libreoffice: 1",
        "the same value in both",
        "the reference returns 1",
        "Open the file in Excel and look at the cell, or add a third engine with --engine.",
    ),
    "XP308": Rule(
        "MissingPrefix",
        "value",
        "a function name that Excel does not accept in a file, such as one without its prefix `_xlfn.`",
        "Newer functions have the prefix _xlfn. in the file, which Excel does not show. The program that wrote the file omitted "
        "it, or added it to an older function: Excel shows #NAME? when it opens the file.",
        "=STDEV.S(A1:A3)",
        "=_xlfn.STDEV.S(A1:A3)",
        "in the file, as openpyxl writes it; the reference returns std(a, ddof=1)",
        "Change the program so that it writes the suggested text. In Excel, edit the cell and press Enter.",
    ),
    "XP401": Rule(
        "WrongShape",
        "shape",
        "a quantity of another shape than its range",
        "The reference returns an array with more or fewer rows or columns than the output's range, so none of it can be "
        "compared.",
        'y = "B1:B2"',
        'y = "B1:B3"',
        "in the spec; the reference returns three numbers",
        "Correct the range in the spec, or the formulas or the reference. Set transpose = true if the sheet shows the array "
        "transposed.",
    ),
    "XP403": Rule(
        "InputsDiffer",
        "inputs",
        "an input with different values in different places",
        "The spec says that the cells contain the same input. The reference receives the first, and formulas refer to others.",
        "4 in A2",
        "=A1 in A2",
        'x = { at = "A1", also = [{ at = "A2" }] }, with 3 in A1',
        "Make the copies formulas that refer to the first place, or correct every_block and also in the spec.",
    ),
    "XP404": Rule(
        "InputIsNoNumber",
        "inputs",
        "an input cell with a text or an error value in place of a number",
        "The reference needs a number and the cell contains none, so nothing of the check can be compared. A number stored as "
        "text is not a number: SUM ignores it.",
        "'3",
        "3",
        "the cell of an input, formatted as text",
        "Type the number, correct the formula that gives the error, or correct the address in the spec.",
    ),
    "XP501": Rule(
        "StoredValue",
        "stored",
        "a stored value that is not what the formula computes",
        "The formula is right, and the value that the file stores for it is out of date. Viewers, pandas and openpyxl show "
        "the stored value.",
        "=2*A1 with 5 stored",
        "=2*A1 with 6 stored",
        "A1 contains 3",
        "Open and save the file in Excel, or run 'xlparity recalc WORKBOOK'.",
        "warning",
    ),
}  # fmt: skip
"""The rules by code; codes are never reused, and none changes its meaning."""


def codes(*kinds: FindingKind) -> frozenset[str]:
    """The codes of findings of these kinds."""
    return frozenset(code for code, rule in RULES.items() if rule.kind in kinds)


CAUSES = codes("formula", "value", "circular", "shape")
"""The codes of findings that are the cause of wrong cells."""
WRONG_FORMULA = codes("formula")
OF_INPUTS = codes("inputs")
OF_SHAPE = codes("shape")
DISPUTED = codes("disputed")
NOT_ASSESSED = codes("circular", "unsupported")
"""The codes of causes because of which dependents cannot be assessed; because of any other cause they are wrong."""

UNEXPLAINED, UNSUPPORTED, MISNAMED, NO_NUMBER = "XP199", "XP303", "XP308", "XP404"
