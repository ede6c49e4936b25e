"""The oracle is checked too: published figures, closed forms, and gradients by another way."""

import itertools

import numpy as np
import pytest

from xlparity.course.regressor import reference as r


def iterations(count, alpha=1.0):
    return [dict(step) for step in itertools.islice(r.train(r.X, r.y, r.first_weights(), 0.0, alpha), count)]


def test_the_first_pass_gives_the_figures_that_the_chapter_prints():
    """A reference that cannot reproduce the book is no reference for the book's workbook."""
    printed = np.array([[0.60841366], [0.45860596], [0.3262757], [0.36375058]])
    passed = r.first_pass(r.X, r.first_weights(seed=1), printed)
    np.testing.assert_allclose(passed["A1"], printed, atol=5e-9, rtol=0)


def test_training_gives_the_losses_that_the_course_prints():
    """The published losses at iterations 0, 10 and 20 pin down data, seed, learning rate and update alike."""
    losses = [step["loss"] for step in iterations(21)]
    expected = [0.822322582088, 0.331466036109, 0.194718505175]
    np.testing.assert_allclose([losses[0], losses[10], losses[20]], expected, atol=5e-13, rtol=0)


@pytest.mark.parametrize(
    ("y", "p", "loss"), [(1, 0.01, 4.605170185988091), (1, 0.99, 0.010050335853501451), (0, 0.5, np.log(2))]
)
def test_the_loss_of_one_sample_has_its_closed_form(y, p, loss):
    """The chapter's worked examples: 4.6051… for a bad prediction, 0.01005… for a good one."""
    assert r.cross_entropy(np.array(y), np.array(p)) == pytest.approx(loss, rel=1e-14)


def test_the_loss_falls_in_every_one_of_the_22_iterations():
    """Gradient descent with alpha = 1 on this data is monotone; a wrong sign would not be."""
    losses = [step["loss"] for step in iterations(22)]
    assert all(later < earlier for earlier, later in itertools.pairwise(losses))


def test_the_gradients_agree_with_complex_step_differences():
    """The complex step has no cancellation, so it shows a gradient right to the last digits."""
    for step in iterations(3):
        nudge = 1e-30j

        def loss(W1, b1):
            A1 = 1 / (1 + np.exp(-(r.X @ W1 + b1)))
            return (-(r.y * np.log(A1) + (1 - r.y) * np.log(1 - A1))).sum() / len(r.X)

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
    checked = r.check_gradient(r.X, r.y, r.first_weights(), 0.0, 1e-4)
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
    list(itertools.islice(r.train(r.X, r.y, given, 0.0, 1.0), 5))
    assert (given == kept).all()
