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


def test_a_formula_can_be_filled_from_its_first_cell():
    """Anchored is what stays when the formula is filled: a column's mean, a row's answer, a whole column, a number."""
    made = author(
        "X [sample, feature]", "y [sample]", "alpha []", "mean [1, feature] = SUM(X[sample])/2",
        "s [sample, feature] = alpha*(X-mean)*y", X="given", y="given", alpha="given",
    )  # fmt: skip
    assert [made.formula("mean", 1, (k,)) for k in (0, 2)] == ["=SUM(B$1:B$2)/2", "=SUM(D$1:D$2)/2"]
    assert made.formula("s", 1, (0, 0)) == "=$B$11*(B1-B$16)*$B6"
    assert made.formula("s", 1, (1, 2)) == "=$B$11*(D2-D$16)*$B7"


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


def test_a_vector_with_a_leading_one_lies_across():
    """A bias of numpy's shape (1, features): its block is a row, and its elements are aligned by the feature alone."""
    made = author(*GIVEN, "c [iteration, 1, feature]", "s [iteration, feature] = W1 + c", c="given", **ROLES)
    assert str(made.block("c", 2)) == "S!B121:D121"
    assert [made.formula("s", 2, (k,)) for k in range(3)] == ["=B106+B121", "=B107+C121", "=B108+D121"]
    assert (
        author(*GIVEN, "c [iteration, 1, feature]", "s [] = SUM(c.first[feature])", c="given", **ROLES).formula(
            "s", 1, ()
        )
        == "=SUM(B21:D21)"
    )


@pytest.mark.parametrize(
    ("flow", "block", "element"), [("row", "S!B51:G51", "S!F51"), ("column", "S!B51:B56", "S!B55")]
)
def test_a_matrix_may_lie_in_a_row_or_a_column(flow, block, element):
    """History shows matrices in a row and the gradient check in a column; the same index must reach the same element."""
    made = author(*GIVEN, "s [iteration] = SUM(A0.prev[sample, feature])", **ROLES)
    moved = Author(made.model, {**made.layout, "A0": Place("S", 50, 2, 1, flow)})
    assert str(moved.block("A0", 2)) == block
    assert moved.element("A0", 2, (1, 1), "Other") == element
    first, last = block.removeprefix("S!").replace("51", "50").replace("56", "55").split(":")
    assert moved.formula("s", 2, ()) == f"=SUM({first}:{last})"


def test_a_line_of_a_matrix_is_refused_where_its_cells_are_no_range():
    """Of a matrix in a row, every third cell is a column: as a range it would take in what lies between."""
    made = author(
        *GIVEN, "s [iteration, feature] = SUM(A0[sample])", "t [iteration, sample] = SUM(A0[feature])", **ROLES
    )
    moved = Author(made.model, {**made.layout, "A0": Place("S", 50, 2, 1, "row")})
    assert moved.formula("t", 1, (1,)) == "=SUM(E50:G50)"
    with pytest.raises(LanguageError, match=r"s: the cells of A0\[sample\] are no range, as A0 lies in one row"):
        moved.formula("s", 1, (0,))
