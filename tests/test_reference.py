"""The oracle is checked too: published figures, closed forms, and gradients by another way."""

import itertools

import numpy as np
import pytest

from xlparity.course.common import X, y
from xlparity.course.regressor import reference as r
from xlparity.course.two_layer import reference as net


def iterations(count, alpha=1.0):
    return [dict(step) for step in itertools.islice(r.train(X, y, r.first_weights(), 0.0, alpha), count)]


def test_the_first_pass_gives_the_figures_that_the_chapter_prints():
    """A reference that cannot reproduce the book is no reference for the book's workbook."""
    printed = np.array([[0.60841366], [0.45860596], [0.3262757], [0.36375058]])
    passed = r.first_pass(X, r.first_weights(seed=1), printed)
    np.testing.assert_allclose(passed["A1"], printed, atol=5e-9, rtol=0)


def test_training_gives_the_losses_that_the_course_prints():
    """The published losses at iterations 0, 10 and 20 pin down data, seed, learning rate and update alike."""
    losses = [step["loss"] for step in iterations(21)]
    expected = [0.822322582088, 0.331466036109, 0.194718505175]
    np.testing.assert_allclose([losses[0], losses[10], losses[20]], expected, atol=5e-13, rtol=0)


@pytest.mark.parametrize(
    ("answer", "p", "loss"), [(1, 0.01, 4.605170185988091), (1, 0.99, 0.010050335853501451), (0, 0.5, np.log(2))]
)
def test_the_loss_of_one_sample_has_its_closed_form(answer, p, loss):
    """The chapter's worked examples: 4.6051… for a bad prediction, 0.01005… for a good one."""
    assert r.cross_entropy(np.array(answer), np.array(p)) == pytest.approx(loss, rel=1e-14)


def test_the_loss_falls_in_every_one_of_the_22_iterations():
    """Gradient descent with alpha = 1 on this data is monotone; a wrong sign would not be."""
    losses = [step["loss"] for step in iterations(22)]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses))


def test_the_gradients_agree_with_complex_step_differences():
    """The complex step has no cancellation, so it shows a gradient right to the last digits."""
    for step in iterations(3):
        nudge = 1e-30j

        def loss(W1, b1):
            A1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
            return (-(y * np.log(A1) + (1 - y) * np.log(1 - A1))).sum() / len(X)

        # W1 and b1 as they were yielded: the update binds new arrays and leaves these alone.
        for k in range(3):
            direction = np.zeros((3, 1), dtype=complex)
            direction[k] = nudge
            slope = loss(step["W1"] + direction, step["b1"]).imag / nudge.imag
            assert step["dW1"][k, 0] == pytest.approx(slope, rel=1e-13)
        slope = loss(step["W1"], step["b1"] + nudge).imag / nudge.imag
        assert step["db1"] == pytest.approx(slope, rel=1e-13)


def test_the_numerical_gradient_is_near_the_analytical_one():
    """Central differences with h = 1e-4 err by h squared: if they did not, the gradient table would teach nonsense."""
    checked = r.check_gradient(X, y, r.first_weights(), 0.0, 1e-4)
    assert np.abs(checked["dW1_difference"]).max() < 1e-9


def test_the_sigmoid_is_symmetric_and_its_slope_is_its_derivative():
    """1 - A(z) = A(-z), and A(1 - A) is what a small step of z does."""
    z = np.linspace(-6, 6, 49)
    table = r.tabulate_sigmoid(z)
    np.testing.assert_allclose(1 - table["A"], r.sigmoid(-z), rtol=1e-13)
    np.testing.assert_allclose(table["slope"], (r.sigmoid(z + 1e-30j)).imag / 1e-30, rtol=1e-13)


def test_training_never_changes_the_arrays_it_was_given():
    """The verifier hands the same inputs to the reference more than once."""
    given = r.first_weights()
    kept = given.copy()
    list(itertools.islice(r.train(X, y, given, 0.0, 1.0), 5))
    assert (given == kept).all()


# --- the two-layer network -------------------------------------------------------------------------------------------


def first(units=3):
    """The parameters that training starts from, by name."""
    W1, W2 = net.first_weights(units=units)
    return {"W1": W1, "b1": np.zeros((1, units)), "W2": W2, "b2": 0.0}


def test_the_net_computes_what_a_well_known_course_prints():
    """Activations and gradients that "Planar data classification with one hidden layer" prints, of deeplearning.ai.

    There a column is a sample, so everything is transposed; the figures are printed with eight decimals.
    """
    np.random.seed(1)
    A0, answers = np.random.randn(2, 3).T, np.array([[1], [0], [1]])
    W1 = np.array(
        [[-0.00416758, -0.02136196, -0.01793436, 0.00502881], [-0.00056267, 0.01640271, -0.00841747, -0.01245288]]
    )
    W2 = np.array([[-0.01057952], [-0.00909008], [0.00551454], [0.02292208]])
    step = net.iterate(A0, answers, W1, np.zeros((1, 4)), W2, 0.0, 1.2)
    printed = {
        "A1": [
            [-0.00616578, -0.05225116, -0.02009721, 0.02152675], [0.0020626, 0.02725659, 0.0036869, -0.01385234],
            [0.00349619, -0.02646251, 0.02883756, 0.02599885],
        ],
        "A2": [[0.5002307], [0.49985831], [0.50023963]],
        "dW1": [[0.00301023, 0.00257968, -0.00156892, -0.00652037], [-0.00747267, -0.00641288, 0.003893, 0.01618243]],
        "db1": [[0.00176201, 0.00150995, -0.00091736, -0.00381422]],
        "dW2": [[0.00078841], [0.01765429], [-0.00084166], [-0.01022527]],
        "db2": -0.16655712,
    }  # fmt: skip
    for name, figures in printed.items():
        np.testing.assert_allclose(step[name], figures, rtol=0, atol=6e-9, err_msg=name)


@pytest.mark.parametrize("alpha", [0.1, 2.0])
def test_the_nets_gradients_agree_with_complex_step_differences(alpha):
    """Each of the 16 parameters in three iterations, to the last digits: no cancellation hides a wrong term."""

    def loss(W1, b1, W2, b2):
        A2 = 1 / (1 + np.exp(-(np.tanh(X @ W1 + b1) @ W2 + b2)))
        return -(y * np.log(A2) + (1 - y) * np.log(1 - A2)).mean()

    compared = 0
    for step in itertools.islice(net.train(X, y, *first().values(), alpha), 3):
        given = {name: step[name] for name in first()}
        for name, value in given.items():
            for direction in np.eye(np.size(value)):
                moved = value + 1e-30j * direction.reshape(np.shape(value))
                slope = loss(**{**given, name: moved.item() if name == "b2" else moved}).imag / 1e-30
                assert np.ravel(step[f"d{name}"])[direction.argmax()] == pytest.approx(slope, rel=1e-12)
                compared += 1
    assert compared == 3 * 16


def test_a_net_without_weights_predicts_one_half():
    """By hand: A1 = 0 and A2 = 1/2, so the loss is ln 2, and only the output's bias learns, by the mean of 1/2 - y."""
    step = net.iterate(
        X, np.array([[0], [1], [1], [1]]), np.zeros((3, 3)), np.zeros((1, 3)), np.zeros((3, 1)), 0.0, 2.0
    )
    assert step["loss"] == pytest.approx(np.log(2), rel=1e-15)
    assert (step["A1"] == 0).all()
    assert (step["A2"] == 0.5).all()
    assert not any(step[name].any() for name in ("dW1", "db1", "dW2"))
    assert (step["db2"], step["b2_new"]) == (-0.25, 0.5)


def test_hidden_units_that_begin_alike_stay_alike():
    """The symmetry that random weights are for: with equal columns in W1 and equal rows in W2, the units never part."""
    W1, W2 = np.repeat([[0.3], [-0.2], [0.1]], 3, axis=1), np.full((3, 1), 0.4)
    *_, last = itertools.islice(net.train(X, y, W1, np.zeros((1, 3)), W2, 0.0, 2.0), 22)
    np.testing.assert_allclose(last["W1"] - last["W1"][:, :1], 0, atol=1e-15)
    assert last["b1"].shape == (1, 3)
    assert np.ptp(last["b1"]) < 1e-15


def test_the_nets_loss_falls_in_every_one_of_the_22_iterations():
    """With alpha = 2 it ends with every sample predicted right, at a loss below a twentieth of the first."""
    steps = list(itertools.islice(net.train(X, y, *first().values(), 2.0), 22))
    losses = [step["loss"] for step in steps]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses))
    assert losses[-1] < losses[0] / 20
    assert steps[-1]["accuracy"] == 1


def test_the_nets_numerical_gradients_are_near_the_analytical_ones():
    """Central differences err by h squared, here about 1e-10; one that is a factor off would not be near."""
    checked = net.check_gradient(X, y, *first().values(), 1e-4)
    sizes = {"W1": 9, "b1": 3, "W2": 3, "b2": 1}
    for name, size in sizes.items():
        assert checked[f"d{name}_difference"].shape == (size,)
        assert np.abs(checked[f"d{name}_difference"]).max() < 1e-9
    assert np.abs(checked["dW1_analytical"]).max() > 1e-2


def test_history_has_what_training_has():
    """W1 alone is laid in a row, row by row."""
    given = [X, y, *first().values(), 2.0]
    for step, shown in itertools.islice(zip(net.train(*given), net.history(*given), strict=True), 3):
        assert step.keys() == shown.keys()
        for name, value in step.items():
            np.testing.assert_array_equal(shown[name], np.ravel(value)[None] if name == "W1" else value)


def test_the_slope_of_tanh_is_its_derivative():
    """And tanh is the sigmoid, stretched: tanh z = 2 sigmoid(2z) - 1."""
    z = np.linspace(-6, 6, 49)
    table = net.tabulate_tanh(z)
    np.testing.assert_allclose(table["A"], 2 * net.sigmoid(2 * z) - 1, atol=1e-15)
    np.testing.assert_allclose(table["slope"], np.tanh(z + 1e-30j).imag / 1e-30, rtol=1e-9)


def test_training_the_net_never_changes_the_arrays_it_was_given():
    """The verifier hands the same inputs to the reference more than once."""
    given, kept = first(), first()
    list(itertools.islice(net.train(X, y, *given.values(), 2.0), 5))
    for name, value in kept.items():
        np.testing.assert_array_equal(given[name], value)
