"""The two-layer network in numpy: what every number of the workbook must be. Imports nothing but numpy.

Shapes: A0 is (samples, features), W1 is (features, units), b1 and db1 are (1, units), z1, A1 and dz1 are (samples, units), W2
is (units, 1), y, z2, A2, sample_loss and dz2 are (samples, 1); b2, db2 and loss are numbers.
"""

import numpy as np


def first_weights(seed=1, features=3, units=3):
    """The weights W1, (features, units), and W2, (units, 1), that training starts from, uniform in [-1, 1)."""
    np.random.seed(seed)
    W1 = 2 * np.random.random((features, units)) - 1
    W2 = 2 * np.random.random((units, 1)) - 1
    return W1, W2


def sigmoid(z):
    """The logistic function, element by element."""
    return 1 / (1 + np.exp(-z))


def cross_entropy(y, A2):
    """The loss of predicting A2 where y is right, element by element."""
    return -(y * np.log(A2) + (1 - y) * np.log(1 - A2))


def iterate(A0, y, W1, b1, W2, b2, alpha):
    """All that one iteration of gradient descent computes."""
    m = A0.shape[0]
    # forward pass
    z1 = A0 @ W1 + b1
    A1 = np.tanh(z1)
    z2 = A1 @ W2 + b2
    A2 = sigmoid(z2)
    sample_loss = cross_entropy(y, A2)
    loss = 1 / m * sample_loss.sum()
    correct = (A2 > 0.5) == (y > 0.5)
    accuracy = correct.sum() / m
    # backward pass
    A1T = A1.T
    dz2 = A2 - y
    dW2 = 1 / m * A1T @ dz2
    db2 = 1 / m * dz2.sum()
    W2T = W2.T
    dz1 = dz2 @ W2T * (1 - A1**2)
    A0T = A0.T
    dW1 = 1 / m * A0T @ dz1
    db1 = 1 / m * dz1.sum(axis=0, keepdims=True)
    # update
    W1_new = W1 - alpha * dW1
    b1_new = b1 - alpha * db1
    W2_new = W2 - alpha * dW2
    b2_new = b2 - alpha * db2
    return locals()


def train(A0, y, W1, b1, W2, b2, alpha):
    """Gradient descent, for ever: one mapping an iteration, of all that the iteration computes."""
    while True:
        step = iterate(A0, y, W1, b1, W2, b2, alpha)
        yield step
        W1, b1, W2, b2 = (step[f"{name}_new"] for name in ("W1", "b1", "W2", "b2"))


def history(A0, y, W1, b1, W2, b2, alpha):
    """What ``train`` yields, with the elements of W1 in a row."""
    for step in train(A0, y, W1, b1, W2, b2, alpha):
        yield {**step, "W1": step["W1"].reshape(1, -1)}


def check_gradient(A0, y, W1, b1, W2, b2, h):
    """The gradient of the loss by central differences, a parameter at a time, beside the one by backpropagation.

    Each quantity has the elements of its parameter in one dimension, row by row.
    """
    parameters = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}

    def loss(name, nudge):
        p = {**parameters, name: parameters[name] + nudge.reshape(np.shape(parameters[name]))}
        return cross_entropy(y, sigmoid(np.tanh(A0 @ p["W1"] + p["b1"]) @ p["W2"] + p["b2"])).sum() / A0.shape[0]

    step = iterate(A0, y, W1, b1, W2, b2, 0.0)
    checked: dict[str, np.ndarray] = {}
    for name, parameter in parameters.items():
        nudges = h * np.eye(np.size(parameter))
        plus = np.array([loss(name, nudge) for nudge in nudges])
        minus = np.array([loss(name, -nudge) for nudge in nudges])
        numerical = (plus - minus) / (2 * h)
        analytical = np.ravel(step[f"d{name}"])
        checked |= {f"loss_{name}_plus": plus, f"loss_{name}_minus": minus}
        checked |= {f"d{name}_numerical": numerical, f"d{name}_analytical": analytical}
        checked[f"d{name}_difference"] = numerical - analytical
    return checked


def tabulate_tanh(z):
    """The hyperbolic tangent and its slope at the points z."""
    A = np.tanh(z)
    slope = 1 - A**2
    return {"A": A, "slope": slope}
