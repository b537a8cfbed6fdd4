"""A linear classifier, trained by stochastic gradient descent.

It has the manners of a scikit-learn estimator (`get_params`, `fit`, `predict`, `score`;
what was learnt ends in an underscore), so that it works in a pipeline or a grid search.
One manner differs on purpose: `decision_function` returns one score *per class* for two
classes too, as CS231n's scores do.

The options chosen, where textbooks differ: the penalty is one of `course.regularization`, by
default reg * sum(W ** 2) without 1/2, and leaves the bias alone; W starts at 0, where both
losses have a known value (log C and C - 1); each epoch shuffles anew, and its last batch may
be a smaller one, never dropped.
"""

from collections.abc import Callable, Iterator
from typing import Any, cast

import numpy as np
from jaxtyping import Float, Integer, Shaped
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from course.arrays import Number, describe, require_count, require_number
from course.errors import ArgumentValueError, DivergenceError
from course.losses import (
    multiclass_hinge,
    multiclass_hinge_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)
from course.regularization import elastic_net, elastic_net_gradient

__all__ = ["LinearClassifier", "batches"]

LossPair = tuple[Callable[..., Any], Callable[..., Any]]

LOSSES: dict[str, LossPair] = {
    "softmax": (softmax_cross_entropy, softmax_cross_entropy_gradient),
    "hinge": (multiclass_hinge, multiclass_hinge_gradient),
}

# every penalty is an elastic net with this share of L1
L1_SHARES = {"l2": 0.0, "l1": 1.0, "elastic_net": None, "none": 0.0}  # None: l1_ratio


def batches(
    examples: int, batch_size: int, generator: np.random.Generator
) -> Iterator[Integer[np.ndarray, " B"]]:
    """One epoch: the indices of all examples, shuffled, in batches.

    Every example comes exactly once; the last batch holds what is left over.

    Args:
        examples: how many there are.
        batch_size: how many a batch holds.
        generator: draws the order.

    Example:
        >>> [len(batch) for batch in batches(10, 4, np.random.default_rng(0))]
        [4, 4, 2]
    """
    order = generator.permutation(examples)
    for start in range(0, examples, batch_size):
        yield order[start : start + batch_size]


class LinearClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    r"""Scores s = XW + b, trained to make the score of the correct class the largest.

    .. math:: \min_{W, b}\; \frac{1}{N} \sum_i L(x_i W + b,\; y_i)
              + \lambda \Bigl(\rho \sum |W| + (1 - \rho) \sum W^2\Bigr)

    with L the softmax cross-entropy or the multiclass hinge loss, lambda = `reg`, and rho = 0
    for the penalty "l2", 1 for "l1", `l1_ratio` for "elastic_net". Each step draws a batch and
    moves W and b by minus `learning_rate` times the (sub)gradient.

    Args:
        loss: "softmax" or "hinge".
        learning_rate: the step per batch, above 0.
        batch_size: examples per step, at least 1.
        epochs: passes over the examples, at least 1.
        reg: the strength of the penalty on W, at least 0; with "none" it must be 0.
        penalty: "l2", "l1", "elastic_net" or "none".
        l1_ratio: the share of L1 in "elastic_net", in 0..1; no other penalty asks for it.
        seed: an integer, or a generator that `fit` then draws from.

    Attributes:
        weights_: (D, C), one column per class.
        bias_: (C,).
        classes_: (C,), the labels, sorted; column j belongs to classes_[j].
        loss_history_: (steps,), the loss with penalty on each batch before its step.
        n_features_in_: D.

    Example:
        >>> X = np.array([[0.0, 1.0], [0.2, 0.9], [1.0, 0.0], [0.8, 0.1]])
        >>> y = np.array(["up", "up", "right", "right"])
        >>> classifier = LinearClassifier(learning_rate=1.0, epochs=50).fit(X, y)
        >>> classifier.predict(np.array([[0.1, 2.0]]))
        array(['up'], dtype='<U5')
        >>> classifier.score(X, y)
        1.0
        >>> round(float(classifier.loss_history_[0]), 4)  # log 2
        0.6931

    Source: CS231n, lecture 3 and assignment 1 (`linear_classifier.py`).
    """

    weights_: Float[np.ndarray, "D C"]
    bias_: Float[np.ndarray, " C"]
    classes_: Shaped[np.ndarray, " C"]
    loss_history_: Float[np.ndarray, " steps"]
    n_features_in_: int

    def __init__(
        self,
        loss: str = "softmax",
        *,
        learning_rate: Number = 0.1,
        batch_size: int = 32,
        epochs: int = 20,
        reg: Number = 0.0,
        penalty: str = "l2",
        l1_ratio: Number = 0.5,
        seed: int | np.random.Generator = 0,
    ) -> None:
        self.loss = loss
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.epochs = epochs
        self.reg = reg
        self.penalty = penalty
        self.l1_ratio = l1_ratio
        self.seed = seed

    def fit(self, X: Any, y: Any) -> "LinearClassifier":
        """Learn the weights and the bias from examples.

        Args:
            X: (N, D), one row per example; float32 is kept, all else becomes float64.
            y: (N,), a label for each: integers, strings, ...

        Raises:
            ArgumentTypeError: a parameter of a wrong type.
            ArgumentValueError: a parameter out of range, images that were not flattened,
                or fewer than two classes.
            ValueError: from scikit-learn, if X or y do not fit or hold NaN.
            DivergenceError: if the scores, the loss or the weights overflow.

        Example:
            >>> LinearClassifier(epochs=1).fit(np.eye(3), np.array([0, 1, 2])).weights_.shape
            (3, 3)
        """
        self._check_parameters()
        X, y = validate_data(self, _flat(X), y, dtype=[np.float64, np.float32])
        check_classification_targets(y)
        self.classes_, targets = np.unique(y, return_inverse=True)
        self._check_classes()
        self.weights_ = np.zeros((X.shape[1], len(self.classes_)), dtype=X.dtype)
        self.bias_ = np.zeros(len(self.classes_), dtype=X.dtype)
        generator = np.random.default_rng(self.seed)
        history = [
            self._step(X[batch], targets[batch])
            for _ in range(self.epochs)
            for batch in batches(len(X), self.batch_size, generator)
        ]
        self.loss_history_ = np.array(history, dtype=X.dtype)
        return self

    def decision_function(self, X: Any) -> Float[np.ndarray, "N C"]:
        """The score of each class, XW + b.

        Args:
            X: (N, D).

        Returns:
            (N, C), also for two classes.

        Raises:
            sklearn.exceptions.NotFittedError: before `fit`.
            ValueError: from scikit-learn, if X does not fit.

        Example:
            >>> classifier = LinearClassifier(epochs=1).fit(np.eye(2), np.array([0, 1]))
            >>> classifier.decision_function(np.eye(2)).round(3)
            array([[ 0.025, -0.025],
                   [-0.025,  0.025]])
        """
        check_is_fitted(self)
        X = validate_data(self, _flat(X), dtype=[np.float64, np.float32], reset=False)
        return cast(np.ndarray, X @ self.weights_ + self.bias_)

    def predict(self, X: Any) -> Shaped[np.ndarray, " N"]:
        """The label with the largest score, for each row of X.

        Args:
            X: (N, D).

        Raises:
            sklearn.exceptions.NotFittedError: before `fit`.
            ValueError: from scikit-learn, if X does not fit.

        Example:
            >>> classifier = LinearClassifier().fit(np.eye(2), np.array(["cat", "dog"]))
            >>> classifier.predict(np.eye(2))
            array(['cat', 'dog'], dtype='<U3')
        """
        best = self.decision_function(X).argmax(axis=1)
        labels: np.ndarray = self.classes_[best]
        return labels

    def templates(self, image_shape: tuple[int, int]) -> Float[np.ndarray, "C height width"]:
        """The weights of each class as an image: where ink speaks for it, and where against.

        Args:
            image_shape: (height, width), with height * width = D.

        Returns:
            (C, height, width), in the order of `classes_`; a copy.

        Raises:
            sklearn.exceptions.NotFittedError: before `fit`.
            ArgumentValueError: if the shape does not hold D pixels.

        Example:
            >>> classifier = LinearClassifier(epochs=1).fit(np.eye(6), np.arange(6))
            >>> classifier.templates((2, 3)).shape
            (6, 2, 3)
        """
        check_is_fitted(self)
        height, width = image_shape
        if height * width != self.n_features_in_:
            expected = f"height * width = {self.n_features_in_}, the number of features"
            hint = "Give the shape that the images had before they were flattened."
            raise ArgumentValueError("image_shape", str(image_shape), expected, hint)
        return np.ascontiguousarray(self.weights_.T).reshape(-1, height, width).copy()

    def _step(self, X: np.ndarray, targets: np.ndarray) -> float:
        loss, gradient = LOSSES[self.loss]
        with np.errstate(over="ignore", invalid="ignore"):
            scores = X @ self.weights_ + self.bias_
            self._require_finite(scores)  # before the losses, whose message would be another
            slope = gradient(scores, targets)
            l1, l2 = self._strengths()
            weights_slope = X.T @ slope + elastic_net_gradient(self.weights_, l1=l1, l2=l2)
            objective = float(loss(scores, targets) + elastic_net(self.weights_, l1=l1, l2=l2))
            self.weights_ -= self.learning_rate * weights_slope
            self.bias_ -= self.learning_rate * slope.sum(axis=0)
        self._require_finite(objective, self.weights_, self.bias_)
        return objective

    def _strengths(self) -> tuple[float, float]:
        """How strong L1 and L2 are in the penalty."""
        fixed = L1_SHARES[self.penalty]
        share = self.l1_ratio if fixed is None else fixed
        return float(self.reg * share), float(self.reg * (1 - share))

    def _require_finite(self, *numbers: Any) -> None:
        if not all(np.isfinite(part).all() for part in numbers):
            raise DivergenceError(
                f"training diverged: overflow with learning_rate={self.learning_rate} and "
                f"reg={self.reg}. Lower the learning rate tenfold, or scale the features to 0..1."
            )

    def _check_parameters(self) -> None:
        if self.loss not in LOSSES:
            hint = "Softmax is the usual first choice."
            raise ArgumentValueError("loss", describe(self.loss), "'softmax' or 'hinge'", hint)
        require_number("learning_rate", self.learning_rate, positive=True)
        self._check_penalty()
        require_count("batch_size", self.batch_size)
        require_count("epochs", self.epochs)

    def _check_penalty(self) -> None:
        reg, share = require_number("reg", self.reg), require_number("l1_ratio", self.l1_ratio)
        if self.penalty not in L1_SHARES:
            expected = ", ".join(repr(name) for name in L1_SHARES)
            hint = "L2 is the usual first choice."
            raise ArgumentValueError("penalty", describe(self.penalty), f"one of {expected}", hint)
        if share > 1:
            hint = "It is the share of L1; the rest is L2."
            raise ArgumentValueError("l1_ratio", repr(share), "a number in 0..1", hint)
        if self.penalty == "none" and reg > 0:
            hint = "Choose a penalty, or leave reg out."
            raise ArgumentValueError("reg", repr(reg), "0 with penalty='none'", hint)

    def _check_classes(self) -> None:
        if len(self.classes_) < 2:
            got = f"1 class, {self.classes_[0]!r}"
            hint = "Check that y holds the labels, and that the examples were shuffled."
            raise ArgumentValueError("y", got, "at least two classes", hint)


def _flat(X: Any) -> Any:
    """X, unless it holds images that somebody forgot to flatten."""
    if getattr(X, "ndim", 2) > 2:
        hint = "Flatten the images first: X.reshape(len(X), -1)."
        raise ArgumentValueError("X", describe(X), "shape (N, D), one row per example", hint)
    return X
