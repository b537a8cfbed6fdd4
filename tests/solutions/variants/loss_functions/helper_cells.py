"""Right answers of `loss_functions` that lean on helpers in cells which the learner added."""

EXTRA_CELLS = [
    """
import math
from functools import reduce

import numpy as np

ROWS = np.arange(10_000)
""",
    '''
def margins_of(scores, y, delta=1.0):
    table = scores - scores[ROWS[: len(y)], y][:, None] + delta
    table[ROWS[: len(y)], y] = 0
    return np.maximum(table, 0)


class Softmax:
    """Shifted scores, remembered."""

    def __init__(self, scores):
        self.shifted = scores - scores.max(axis=1, keepdims=True)

    @property
    def log_probabilities(self):
        return self.shifted - np.log(np.exp(self.shifted).sum(axis=1, keepdims=True))
''',
]

ANSWERS = {
    "svm_loss_naive": """
def svm_loss_naive(scores, y, delta=1.0):
    return margins_of(scores * 1.0, y, delta).sum(axis=1).mean()
""",
    "svm_loss": """
def penalty(W, reg):
    return reg * (W**2).sum()


def svm_loss(W, X, y, reg):
    return margins_of(X @ W, y).sum() / len(y) + penalty(W, reg)
""",
    "svm_gradient": """
def svm_gradient(W, X, y, reg):
    slopes = np.sign(margins_of(X @ W, y))
    slopes[ROWS[: len(y)], y] = -slopes.sum(axis=1)
    return X.T @ slopes / len(y) + 2 * reg * W
""",
    "softmax_loss": """
def softmax_loss(scores, y):
    return -Softmax(scores).log_probabilities[ROWS[: len(y)], y].mean()
""",
    "softmax_gradient": """
def softmax_gradient(scores, y):
    gradient = np.exp(Softmax(scores).log_probabilities)
    gradient[ROWS[: len(y)], y] -= 1
    return gradient / len(y)
""",
    "train": """
def train(W, X, y, batches, learning_rate, reg):
    def step(weights, batch):
        return weights - learning_rate * loss_gradient(weights, X[batch], y[batch], reg)

    return reduce(step, batches, W)
""",
}
