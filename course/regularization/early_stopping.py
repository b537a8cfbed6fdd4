"""Early stopping: train until the validation no longer improves, keep the best weights.

It guarantees that what is restored is a deep copy taken at the best update, so that neither
later training nor the restored model can reach into it.

The options chosen: only an improvement of *more* than `min_delta` over the best value
counts, so a tie does not, and slow progress is judged against the best and not the last.
NaN never counts as an improvement. Training stops at the update that makes `patience`
updates in a row without one, as in Keras and Lightning.
"""

import copy
import math
from typing import Any, Literal, Protocol, runtime_checkable

from course.arrays import Number, constant, describe, require_count, require_number
from course.errors import ArgumentTypeError, ArgumentValueError, CourseError

__all__ = ["EarlyStopping"]

Mode = Literal["min", "max"]


@runtime_checkable
class _Stateful(Protocol):
    """What a torch module can do."""

    def state_dict(self) -> Any:
        """Return its weights and buffers."""

    def load_state_dict(self, state_dict: Any) -> Any:
        """Copy weights and buffers into it."""


class EarlyStopping:
    """Watches a validation value, says when to stop, and keeps the best weights.

    Args:
        patience: how many updates in a row may pass without an improvement, at least 1.
        min_delta: by how much a value must beat the best one, at least 0.
        mode: "min" for a loss, "max" for an accuracy.

    Attributes:
        best_value: the best value so far; None before there is one.
        best_update: the update that brought it, counted from 0; None before there is one.
        waited: updates since then.

    Raises:
        ArgumentTypeError, ArgumentValueError: a parameter that cannot be right.

    Example:
        >>> import torch
        >>> model, stopper = torch.nn.Linear(1, 1), EarlyStopping(patience=2)
        >>> for epoch, loss in enumerate([0.9, 0.5, 0.6, 0.5, 0.1]):
        ...     _ = torch.nn.init.constant_(model.weight, epoch)
        ...     if stopper.update(loss, model):
        ...         break
        >>> stopper.restore(model)
        >>> epoch, stopper.best_value, stopper.best_update, model.weight.item()
        (3, 0.5, 1, 1.0)

    Source: Prechelt, "Early stopping - but when?", 1998; Goodfellow et al., "Deep
    learning", algorithm 7.1.
    """

    def __init__(self, patience: int, min_delta: Number = 0.0, mode: Mode = "min") -> None:
        self.patience = require_count("patience", patience)
        self.min_delta = require_number("min_delta", min_delta)
        if mode not in ("min", "max"):
            hint = "Use 'min' for a loss, 'max' for an accuracy."
            raise ArgumentValueError("mode", describe(mode), "'min' or 'max'", hint)
        self.mode = mode
        self.best_value: float | None = None
        self.best_update: int | None = None
        self.waited = 0
        self._updates = 0
        self._best_state: Any = None

    def update(self, value: Any, model: _Stateful) -> bool:
        """Take note of a validation value, and of the weights if it is the best so far.

        Args:
            value: a number, or an array or tensor that holds one; NaN is no improvement.
            model: a torch module, or whatever has `state_dict` and `load_state_dict`.

        Returns:
            Whether to stop.

        Raises:
            ArgumentTypeError: if the value is no number, or the model has no state.

        Example:
            >>> import torch
            >>> stopper, model = EarlyStopping(patience=1, mode="max"), torch.nn.Linear(1, 1)
            >>> [stopper.update(accuracy, model) for accuracy in (0.7, 0.8, 0.8)]
            [False, False, True]
        """
        number = _as_number(value)
        _require_stateful(model)
        if self._improves(number):
            self.best_value, self.best_update, self.waited = number, self._updates, 0
            self._best_state = copy.deepcopy(model.state_dict())
        else:
            self.waited += 1
        self._updates += 1
        return self.waited >= self.patience

    def restore(self, model: _Stateful) -> None:
        """Copy the best weights back into a model.

        Args:
            model: of the same architecture as the one that was watched.

        Raises:
            ArgumentTypeError: if the model has no state.
            CourseError: if no update brought a value that is a number.

        Example:
            >>> import torch
            >>> EarlyStopping(patience=1).restore(torch.nn.Linear(1, 1))
            Traceback (most recent call last):
            course.errors.CourseError: there are no best weights to restore: no update had a \
value other than NaN. Call update(value, model) after each epoch.
        """
        _require_stateful(model)
        if self.best_value is None:
            raise CourseError(
                "there are no best weights to restore: no update had a value other than NaN. "
                "Call update(value, model) after each epoch."
            )
        model.load_state_dict(copy.deepcopy(self._best_state))

    def _improves(self, value: float) -> bool:
        if self.best_value is None:
            return not math.isnan(value)
        gain = self.best_value - value if self.mode == "min" else value - self.best_value
        return gain > self.min_delta


def _as_number(value: Any) -> float:
    try:
        return float(constant(value))
    except (TypeError, ValueError, RuntimeError):
        hint = "Pass the mean loss or the accuracy on the validation examples."
        raise ArgumentTypeError("value", describe(value), "one number", hint) from None


def _require_stateful(model: object) -> None:
    if not isinstance(model, _Stateful):
        expected = "a torch module (state_dict and load_state_dict)"
        raise ArgumentTypeError("model", describe(model), expected, "Pass the model itself.")
