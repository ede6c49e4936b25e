"""The formula language: names become addresses, and a line that says too little or too much is refused."""

import pytest

from xlparity.actions.generate.language import Author, Place, line
from xlparity.actions.generate.model import Model
from xlparity.errors import LanguageError


def author(*lines, **roles):
    """A model over two samples and three features, every variable five rows below the one before, iterations 100 apart."""
    variables = [line(text, role=roles.get(text.split()[0], "derived")) for text in lines]
    layout = {
        variable.name: Place("S", 1 + 5 * k, 2, 100 if variable.iterates else 0) for k, variable in enumerate(variables)
    }
    return Author(Model({v.name: v for v in variables}, {"sample": 2, "feature": 3}), layout)


GIVEN = ("A0 [iteration, sample, feature]", "W1 [iteration, feature]", "b1 [iteration]", "alpha []")
ROLES = dict.fromkeys(("A0", "W1", "b1", "alpha"), "given")


def written(text, iteration=2, index=()):
    made = author(*GIVEN, text, **ROLES)
    return made.formula(text.split()[0], iteration, index)


@pytest.mark.parametrize(
    ("text", "index", "formula"),
    [
        ("z1 [iteration, sample] = {MMULT(A0, W1) + b1}", (0,), "=MMULT(B101:D102,B106:B108)+B111"),
        ("s [iteration, feature] = W1 - alpha*b1", (2,), "=B108-$B$16*B111"),
        ("s [iteration] = SUM(W1[feature])", (), "=SUM(B106:B108)"),
        ("s [iteration, sample] = SUM(A0[feature])", (1,), "=SUM(B102:D102)"),
        ("s [iteration, feature] = SUM(A0[sample])", (1,), "=SUM(C101:C102)"),
        ("s [iteration] = SUM(A0[sample, feature])", (), "=SUM(B101:D102)"),
        ("s [iteration, feature] = W1.prev", (1,), "=B7"),
        ("s [feature] = W1.first", (1,), "=B7"),
        ("s [iteration] = SUM(W1.prev[feature])", (), "=SUM(B6:B8)"),
        # As a file has it: Excel shows #NAME? for a function newer than its 2007 edition without the prefix.
        ("s [iteration] = STDEV.S(W1[feature])", (), "=_xlfn.STDEV.S(B106:B108)"),
        ('s [iteration] = IF(b1>1E5,"b1 is large",b1)', (), '=IF(B111>1E5,"b1 is large",B111)'),
    ],
)
def test_a_name_becomes_the_address_that_its_index_means(text, index, formula):
    """Each rule of the language once: own index, a whole line, a whole block, the iteration before, the first one."""
    assert written(text, index=index) == formula


@pytest.mark.parametrize(
    ("text", "iteration", "message"),
    [
        ("s [iteration] = SUM(W1)", 2, r"s: W1 leaves \[feature\] unbound; write W1\[feature\] to span it"),
        ("s [iteration] = SUM(b1[sample])", 2, r"s: b1 has no \[sample\] to span"),
        ("s [iteration] = alpa", 2, r"s: there is no 'alpa' \(did you mean 'alpha'\?\)"),
        ("s [] = b1", 1, r"s: b1 leaves \[iteration\] unbound; write b1.first"),
        ("s [iteration] = alpha.prev", 2, r"s: alpha has no iteration, so there is no alpha.prev"),
        ("s [iteration] = b1.prev", 1, r"s: nothing comes before the first iteration"),
        ("s [iteration, sample] = {MMULT(A0[feature], W1)}", 2, r"inside braces a name is its whole block"),
    ],
)
def test_a_line_that_cannot_be_meant_is_refused_with_the_mend(text, iteration, message):
    """A wrong line must stop generation: a plausible wrong formula would be handed out to students."""
    index = (0,) * (1 if "sample]" in text.split("=")[0] else 0)
    with pytest.raises(LanguageError, match=message):
        written(text, iteration, index)


def test_spaces_in_a_text_stay_where_they_are():
    """Only what stands between names is drawn together."""
    assert written('s [iteration] = IF(b1 > 1, "a, b - c", b1)') == '=IF(B111>1,"a, b - c",B111)'


@pytest.mark.parametrize(
    "text",
    [
        "z1 [iteration, a, b, c] = 1",
        "z1 = A0",
        "z1 [iteration",
        "[iteration] = 1",
        "z1 [sample, iteration] = 1",
        "z1 [sample]",
    ],
)
def test_what_is_no_line_is_refused(text):
    """The author of a sheet is told at once, and not by an odd cell later."""
    with pytest.raises(LanguageError):
        line(text)


def test_a_turned_block_runs_across():
    """History shows a column of Training as a row; the same index must reach the same element."""
    made = author(*GIVEN, "s [iteration] = W1.prev[feature]", **ROLES)
    turned = Author(made.model, {**made.layout, "W1": Place("S", 50, 2, 1, turned=True)})
    assert str(turned.block("W1", 2)) == "S!B51:D51"
    assert turned.formula("s", 2, ()) == "=B50:D50"
    assert turned.element("W1", 2, (2,), "Other") == "S!D51"
