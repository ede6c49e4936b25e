"""Every code that a finding can have, in one table: what it is called, what it says, and how much it weighs."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

Level = Literal["error", "warning", "note"]


class Rule(NamedTuple):
    """One kind of finding: a name that never changes, and one line for a table of codes.

    An ``error`` keeps its check from passing, a ``warning`` does not, and a ``note`` is a remark.
    """

    name: str
    said: str
    level: Level = "error"


RULES: Mapping[str, Rule] = {
    "XP100": Rule("WrongFormula", "a formula that does not compute what the reference does, and that no edit mends"),
    "XP101": Rule("WrongFunction", "another function belongs there, or one is missing around an expression"),
    "XP102": Rule("WrongTerm", "a term or a factor is missing, or one too many"),
    "XP103": Rule("WrongSign", "a plus stands where a minus belongs, or a minus where a plus does"),
    "XP104": Rule("MisplacedParentheses", "the parentheses are misplaced"),
    "XP105": Rule("WrongOperator", "another operator belongs there, or its operands in another order"),
    "XP106": Rule("WrongReference", "a reference to another cell than the one that belongs there"),
    "XP107": Rule("WrongRange", "a range that is too short, too long or in another place"),
    "XP108": Rule("WrongAnchor", "a `$` that is missing, or one too many"),
    "XP109": Rule("WrongAxis", "rows and columns confused: a TRANSPOSE, or the order of a product"),
    "XP110": Rule("WrongIteration", "the value of another iteration than the one that belongs there"),
    "XP111": Rule("WrongNumber", "another number or power belongs there"),
    "XP112": Rule("UnlikeItsSiblings", "not the formula of the other cells of its quantity"),
    "XP199": Rule("Unexplained", "a formula that is right by itself, in a cell that is wrong"),
    "XP201": Rule("TypedOver", "a constant where a formula must stand"),
    "XP202": Rule("DoesNotReact", "a formula, or a part of one, that does not react to the inputs"),
    "XP203": Rule("InputTypedOver", "an input's copy typed over, where the other copies are formulas"),
    "XP204": Rule("InputIsFormula", "a formula among an input's typed cells, which fails no check", "note"),
    "XP205": Rule("NothingThere", "nothing where a formula must stand"),
    "XP301": Rule("ErrorValue", "an Excel error value where the reference has a number"),
    "XP302": Rule("CircularReference", "a circular reference, which Excel does not compute"),
    "XP303": Rule("NotVouchedFor", "a formula that the engine does not vouch for"),
    "XP305": Rule(
        "EngineAloneWrong", "an engine that alone contradicts the reference and the other engines", "warning"
    ),
    "XP306": Rule("EnginesDisagree", "engines that contradict each other and the reference"),
    "XP307": Rule("OneAgainstOne", "two engines that contradict each other, and nobody can tell which is right"),
    "XP308": Rule(
        "MissingPrefix", "a function by a name that Excel does not read in a file, as one without its `_xlfn.`"
    ),
    "XP401": Rule("WrongShape", "a quantity of another shape than its range"),
    "XP403": Rule("InputsDiffer", "an input whose places hold different values"),
    "XP404": Rule("InputIsNoNumber", "an input cell that holds a text or an error value where a number belongs"),
    "XP501": Rule("StoredValue", "a stored value that is not what the formula computes", "warning"),
}
"""By code; codes are never reused, and none changes its meaning."""
