"""Week 1 in numpy: what every number of the workbook must be. Imports nothing but numpy.

Shapes: A0 is (samples, features), W1 is (features, 1), y, z1, A1, sample_loss and dz1 are (samples, 1); b1, loss and
db1 are numbers.
"""

import numpy as np


def first_weights(seed=1, features=3):
    """The weights that training starts from, (features, 1), uniform in [-1, 1)."""
    np.random.seed(seed)
    return 2 * np.random.random((features, 1)) - 1


def sigmoid(z):
    """The logistic function, element by element."""
    return 1 / (1 + np.exp(-z))


def cross_entropy(y, A1):
    """The loss of predicting A1 where y is right, element by element."""
    return -(y * np.log(A1) + (1 - y) * np.log(1 - A1))


def train(A0, y, W1, b1, alpha):
    """Gradient descent, for ever: one mapping an iteration, of all that the iteration computes."""
    while True:
        m = A0.shape[0]
        # forward pass
        z1 = A0 @ W1 + b1
        A1 = sigmoid(z1)
        sample_loss = cross_entropy(y, A1)
        loss = 1 / m * sample_loss.sum()
        correct = (A1 > 0.5) == (y > 0.5)
        accuracy = correct.sum() / m
        # backward pass
        A0T = A0.T
        dz1 = A1 - y
        dW1 = 1 / m * A0T @ dz1
        db1 = 1 / m * dz1.sum()
        # update
        W1_new = W1 - alpha * dW1
        b1_new = b1 - alpha * db1
        yield locals()
        W1, b1 = W1_new, b1_new


def check_gradient(A0, y, W1, b1, h):
    """The gradient of the loss by central differences, a weight at a time, beside the one by backpropagation."""

    def loss(W1):
        return cross_entropy(y, sigmoid(A0 @ W1 + b1)).sum() / A0.shape[0]

    nudges = [h * nudge.reshape(W1.shape) for nudge in np.eye(W1.size)]
    loss_plus = np.array([loss(W1 + nudge) for nudge in nudges])
    loss_minus = np.array([loss(W1 - nudge) for nudge in nudges])
    dW1_numerical = (loss_plus - loss_minus) / (2 * h)
    dW1_analytical = (A0.T @ (sigmoid(A0 @ W1 + b1) - y) / A0.shape[0]).ravel()
    dW1_difference = dW1_numerical - dW1_analytical
    return locals()


def first_pass(A0, W1, printed):
    """The chapter's first forward pass, without a bias, beside the figures that the chapter prints."""
    z1 = A0 @ W1
    A1 = sigmoid(z1)
    difference = A1 - printed
    return locals()


def tabulate_sigmoid(z):
    """The sigmoid and its slope at the points z."""
    A = sigmoid(z)
    slope = A * (1 - A)
    return locals()


def worked_examples(y, p):
    """The loss of single predictions."""
    return {"loss": cross_entropy(y, p)}


def loss_curves(p):
    """The loss of a prediction p, where 1 is right and where 0 is."""
    return {"loss_if_1": -np.log(p), "loss_if_0": -np.log(1 - p)}
