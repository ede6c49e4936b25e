"""The words of grades: points, and what a student is to do about a mistake."""

from collections.abc import Mapping, Sequence

from xlparity.results.grades import Advice, Grade, Judged, QuantityGrade

JUDGED: Mapping[Judged, str] = {
    "right": "right",
    "carried": "right, with an earlier mistake carried forward",
    "partly": "some of its cells are right",
    "wrong": "a formula is wrong",
    "typed": "typed numbers in place of formulas",
    "empty": "empty",
    "circular": "a circular reference",
    "missing": "missing",
    "review": "a person will look at it",
}
SIGN: Mapping[Judged, str] = {
    "right": "✓", "carried": "✓", "partly": "◐", "wrong": "✗", "typed": "✗", "empty": "✗", "circular": "✗", "missing": "✗",
    "review": "?",
}  # fmt: skip
_FORMULA = "Change the formula as suggested, and fill it into the other cells of this quantity."
_WITHOUT = (
    "Work out one cell by hand from the cells that it reads, compare it with what the formula gives, and correct the step "
    "where the two differ."
)
_TO_DO: Mapping[str, str] = {
    "XP100": _WITHOUT,
    "XP101": "Another function computes what is asked for. Check what the function does, and enter the right one.",
    "XP102": "A part of the formula is missing, or there is one too many. Compare it with the equation, term by term.",
    "XP103": "A plus should be a minus, or the other way round. Compare the signs with the equation.",
    "XP104": "The parentheses are in the wrong place: Excel multiplies and divides before it adds and subtracts.",
    "XP105": "An operation, or the order of what it works on, is not that of the equation.",
    "XP106": "The formula reads the wrong cell. Click into it in Excel: the coloured frames show what it reads.",
    "XP107": "The formula reads a range that is too short, too long or in the wrong place. Its coloured frame shows it.",
    "XP108": "A reference moved as you filled the formula, or did not. Put a $ before what has to stay, and fill it in again.",
    "XP109": "Rows and columns are confused. Check the shapes: a matrix product needs columns of the first = rows of the second.",
    "XP110": "The formula reads the value of another iteration. Take it from the one that the equation names.",
    "XP111": "A number or a power in the formula is not that of the equation.",
    "XP112": "This cell has another formula than its neighbours, which are right. Fill theirs over it.",
    "XP201": "Enter a formula in place of the number, so that the cell follows when an input changes.",
    "XP202": "A number is typed into the formula where it should read a cell, so it does not follow when that changes.",
    "XP205": "Enter the formula. An empty cell earns nothing, and the cells after it cannot be compared.",
    "XP301": "The formula gives an error. Look at what it divides by, or takes the logarithm of, and at the cells that it reads.",
    "XP302": "The formula depends on its own result. Find the reference that leads back to this cell, and point it at another.",
    "XP308": "Edit the cell in Excel and press Enter, so that Excel knows the function's name.",
    "XP203": "Make this copy of the input a formula that refers to the first one.",
    "XP403": "The same input has different values in different places. Make the copies formulas that refer to the first.",
    "XP404": "Type a number into this cell; a text that looks like one is none.",
}  # fmt: skip
_WHOLE = ("XP108", "XP112", "XP201", "XP205")  # codes whose words say all that is to be done
_REVIEW = (
    "This could not be judged automatically: the points are neither given nor lost until a person has looked at it."
)


_MOST_NAMES = 10  # files that are named in a line


def points(number: float) -> str:
    """The points without needless digits, to a thousandth."""
    return f"{round(number, 3):.10g}"


def percent(number: float) -> str:
    """``87.5 %``."""
    return f"{round(number, 1):.10g} %"


def to_do(advice: Advice) -> str:
    """What the student is to do, in words; it leads to the formula where there is a suggestion."""
    if advice.review:
        return _REVIEW
    said = _TO_DO.get(advice.code, _WITHOUT)
    if advice.suggestion is not None and advice.code not in _WHOLE:
        said += f" {_FORMULA}"
    return said


def worth(quantity: QuantityGrade) -> str:
    """The points that would be earned: ``1.5 of 2 points``."""
    missing = quantity.of - quantity.points - quantity.open
    return f"{points(missing)} of {points(quantity.of)} {'point' if quantity.of == 1 else 'points'}"


def summary(grade: Grade, passing: float) -> str:
    """The grade in one sentence."""
    said = f"{points(grade.points)} of {points(grade.of)} points ({percent(grade.percent)}). "
    if grade.open:
        said += f"A person will look at {points(grade.open)} more. "
    needed = f"{percent(passing)} are needed to pass"
    how = {
        "yes": f"Passed; {needed}.",
        "no": f"Not passed; {needed}.",
        "open": f"Whether this passes is open; {needed}.",
    }
    return said + how[grade.passed]


def passed_over(names: Sequence[str]) -> str:
    """Which files were not graded, as they are no spreadsheets."""
    shown = ", ".join(names[:_MOST_NAMES]) + (", …" if len(names) > _MOST_NAMES else "")
    return f"Passed over, as {'it is no spreadsheet' if len(names) == 1 else 'they are no spreadsheets'}: {shown}"


def note(grade: Grade) -> str:
    """All that is to be known about the grade in one line, with the same of several quantities once; or why there is none."""
    if grade.reason is not None:
        return f"not graded: {grade.reason}"
    parts = (
        [f"{points(grade.open)} point{'' if grade.open == 1 else 's'} for a person to look at"] if grade.open else []
    )
    parts += grade.notes
    named: dict[str, list[str]] = {}
    for one in grade.quantities:
        named.setdefault(one.note, []).append(one.name)
    parts += [f"{', '.join(names)}: {said}" for said, names in named.items() if said]
    return "; ".join(parts)
