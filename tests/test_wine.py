"""The wine challenge: the data is UCI's, the reference is right, and the empty workbook is the solution without formulas."""

import itertools

import numpy as np
import openpyxl
import pytest
from conftest import write_files
from openpyxl.worksheet.formula import ArrayFormula

import xlparity
from xlparity.actions.generate import build
from xlparity.course.wine_solution import reference as r
from xlparity.course.wine_solution import sheet as s
from xlparity.course.wine_solution.pages import wine
from xlparity.engines.registry import find_engine
from xlparity.excel.workbook import read_workbook
from xlparity.results.report import Verdict
from xlparity.settings import Options

X, CULTIVAR, KINDS = np.array(s.WINES.X), np.array(s.WINES.cultivar)[:, None], np.array([[1.0, 2.0, 3.0]])


def test_the_wines_are_ucis():
    """The counts, and the smallest, largest and mean values, that the data set's description gives."""
    assert np.unique(CULTIVAR, return_counts=True)[1].tolist() == [59, 71, 48]
    described = [
        (11.0, 14.8, 13.0), (0.74, 5.80, 2.34), (1.36, 3.23, 2.36), (10.6, 30.0, 19.5), (70.0, 162.0, 99.7),
        (0.98, 3.88, 2.29), (0.34, 5.08, 2.03), (0.13, 0.66, 0.36), (0.41, 3.58, 1.59), (1.3, 13.0, 5.1),
        (0.48, 1.71, 0.96), (1.27, 4.00, 2.61), (278, 1680, 746),
    ]  # fmt: skip
    assert X.shape == (178, 13)
    found = np.array([X.min(axis=0), X.max(axis=0), X.mean(axis=0)]).T
    np.testing.assert_allclose(found, described, rtol=0.02, atol=0.01)
    assert X[0].tolist() == [14.23, 1.71, 2.43, 15.6, 127, 2.8, 3.06, 0.28, 2.29, 5.64, 1.04, 3.92, 1065]


def test_the_softmax_is_the_sigmoid_for_two_classes_and_overflows_for_none():
    """Rows sum to one, a number that is added to a row changes nothing, and z of 1,000 is as good as any."""
    z = np.array([[0.3, -1.2], [4.0, 1.0], [-2.0, 5.5]])
    np.testing.assert_allclose(r.softmax(z)[:, 0], 1 / (1 + np.exp(z[:, 1] - z[:, 0])), rtol=1e-14)
    np.testing.assert_allclose(r.softmax(z + 1000), r.softmax(z), rtol=1e-12)
    np.testing.assert_allclose(r.softmax(z).sum(axis=1), 1, rtol=1e-15)
    assert r.softmax(np.array([[1000.0, 0.0, -1000.0]])).tolist() == [[1, 0, 0]]


def test_the_loss_is_right_where_the_plain_form_overflows():
    """By the closed form: the loss is how far the right z is below the largest, if all others are far below that one."""
    z, Y = np.array([[1000.0, 0.0, -1000.0], [0.0, -1000.0, -1000.0], [3.0, 3.0, 3.0]]), np.eye(3)[[2, 0, 1]]
    scored = r.score(z, r.softmax(z), Y)
    assert np.isinf(scored["E"][0, 0])
    assert scored["sample_loss"].ravel().tolist() == pytest.approx([2000.0, 0.0, np.log(3)], rel=1e-15)
    small = z / 1000
    plain = -np.log((Y * np.exp(small)).sum(axis=1) / np.exp(small).sum(axis=1))
    np.testing.assert_allclose(r.score(small, r.softmax(small), Y)["sample_loss"][:, 0], plain, rtol=1e-14)


def test_training_repeats_the_step_and_learns():
    """Each iteration is the step from the weights of the last one; both models come to know nearly every wine."""
    for name, step in {"train_softmax": r.softmax_step, "train_net": r.net_step}.items():
        given = first(step.__name__)
        steps = list(itertools.islice(getattr(r, name)(X, CULTIVAR, KINDS, *given.values(), 1.0), 30))
        for one, following in itertools.pairwise(steps):
            alone = step(X, CULTIVAR, KINDS, *(one[f"{parameter}_new"] for parameter in given), 1.0)
            assert all(np.array_equal(alone[key], following[key]) for key in alone)
        losses = [one["loss"] for one in steps]
        assert losses == sorted(losses, reverse=True)
        assert steps[-1]["accuracy"] > 0.98


def first(step):
    """The parameters of a model, none of them 0."""
    training = {"softmax_step": s.SOFTMAX, "net_step": s.NET}[step]
    model = training.author.model
    return {
        name: r.first_weights(model.shape(model.variables[name]), seed)
        for seed, name in enumerate(training.inputs[3:-1], start=1)
    }


@pytest.mark.parametrize(("step", "count"), [("softmax_step", 42), ("net_step", 88)])
def test_each_gradient_is_the_slope_of_the_loss(step, count):
    """Every parameter of both models, by central differences of a loss that is written anew."""

    def loss(W1, b1, W2=None, b2=None):
        z = (X - X.mean(axis=0)) / X.std(axis=0) @ W1 + b1
        z = z if W2 is None else np.tanh(z) @ W2 + b2
        chosen = z[np.arange(178), CULTIVAR[:, 0].astype(int) - 1]
        return (np.log(np.exp(z).sum(axis=1)) - chosen).mean()

    given = first(step)
    found = getattr(r, step)(X, CULTIVAR, KINDS, *given.values(), 0.5)
    assert found["loss"] == pytest.approx(loss(**given), rel=1e-13)
    compared = 0
    for name, value in given.items():
        for index in np.ndindex(value.shape):
            nudge = np.zeros(value.shape)
            nudge[index] = 1e-5
            slope = (loss(**{**given, name: value + nudge}) - loss(**{**given, name: value - nudge})) / 2e-5
            assert found[f"d{name}"][index] == pytest.approx(slope, abs=1e-9)
            compared += 1
        np.testing.assert_array_equal(found[f"{name}_new"], value - 0.5 * found[f"d{name}"])
    assert compared == count


def test_models_without_weights_know_nothing():
    """By hand: each cultivar has a third, the loss is ln 3, and the biases learn how frequent each cultivar is."""
    step = r.softmax_step(X, CULTIVAR, KINDS, np.zeros((13, 3)), np.zeros((1, 3)), 1.0)
    assert step["loss"] == pytest.approx(np.log(3), rel=1e-14)
    np.testing.assert_allclose(step["db1"], [[1 / 3 - n / 178 for n in (59, 71, 48)]], rtol=1e-12)


def test_no_measurement_is_the_same_in_all_wines_that_are_drawn():
    """Its standard deviation would be 0, and everything an error."""
    drawn = r.draw_wines(np.random.default_rng(0), X)
    assert drawn.shape == X.shape
    assert (drawn.std(axis=0) > 0.5 * X.std(axis=0)).all()
    assert not np.isin(drawn, X).all()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Where the challenge and the solution are."""
    folder = tmp_path_factory.mktemp("wine")
    for name, solved in {"wine_challenge": False, "wine_solution": True}.items():
        write_files(folder, build(wine(name, solved=solved, iterations=3)))
    return folder


def test_the_challenge_does_not_pass_until_it_is_filled_in(folder):
    """The data sheet is right as it is; every cell that is a student's is missing, and nothing else."""
    report = xlparity.verify(folder / "wine_challenge.parity.toml", options=Options(scenarios=0))
    assert report.verdict is Verdict.UNASSESSED
    frame = report.to_frame()
    by_check = {check: set(rows["status"]) for check, rows in frame.groupby("check")}
    assert by_check["wine"] == {"match"}
    assert by_check["softmax"] == by_check["net"] == {"missing"}


def test_the_challenge_with_the_formulas_of_the_solution_passes(folder, tmp_path):
    """A student who fills every yellow cell rightly has everything right: no cell is asked for that is not marked."""
    filled = openpyxl.load_workbook(folder / "wine_challenge.xlsx")
    solution = openpyxl.load_workbook(folder / "wine_solution.xlsx")
    yellow = 0
    for name in ("Softmax", "Two-layer net"):
        for row in filled[name].iter_rows():
            for cell in row:
                if cell.fill.fgColor.rgb == "00FFF4C2":
                    right = solution[name][cell.coordinate].value
                    cell.value = ArrayFormula(right.ref, right.text) if isinstance(right, ArrayFormula) else right
                    assert not cell.protection.locked
                    yellow += 1
    filled.save(tmp_path / "student.xlsx")
    assert yellow == 2757 + 5519  # the outputs of both checks
    report = xlparity.verify(
        folder / "wine_challenge.parity.toml", workbook=tmp_path / "student.xlsx", options=Options(scenarios=5)
    )
    assert report.verdict is Verdict.PASS


def test_every_formula_of_the_chained_steps_is_compared(folder):
    """In every iteration and at every learning rate; only the rate that one sheet takes from another is read on the way."""
    report = xlparity.verify(folder / "wine_solution.parity.toml", options=Options(scenarios=5))
    assert report.verdict is Verdict.PASS
    names = {check.name for check in report.checks}
    chained = [
        f"{name}_{kind}" for name in ("softmax", *(f"net_{k}" for k in range(1, 5))) for kind in ("training", "history")
    ]
    assert names == {"wine", "softmax", "net", *chained}
    assert {check.name for check in report.checks if check.blocks == 3} == set(chained)
    assert (report.coverage.unbound, report.coverage.helper) == (0, 1)


def test_a_rate_of_the_comparison_changes_its_own_losses_only(folder):
    """The four nets are side by side, start from the sheet of the step, and have a rate of their own each."""
    workbook = read_workbook(folder / "wine_solution.xlsx")
    session = find_engine("formulas").load(workbook)
    weights = s.NET.author.block("W2").first
    stored, faster, moved = (
        session.recalculate(given)
        for given in ({}, {s.NET_TRAININGS[1].author.block("alpha").first: 5.0}, {weights: 0.5})
    )
    last = [s.NET_TRAININGS[k].author.block("loss", 3).first for k in range(4)]
    assert [stored[cell] == faster[cell] for cell in last] == [True, False, True, True]
    assert not any(stored[cell] == moved[cell] for cell in last)


@pytest.mark.libreoffice
def test_the_solution_passes_in_libreoffice(folder):
    """TRANSPOSE within MMULT in braces, and sums of products of logarithms, by another program."""
    options = Options(engines=("libreoffice",), scenarios=2)
    assert xlparity.verify(folder / "wine_solution.parity.toml", options=options).verdict is Verdict.PASS
