"""The checks of what a range test is given."""

import math
from collections.abc import Iterable, Iterator
from typing import Any

import torch
from torch import nn

from course.arrays import describe, require_number
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["require_factor", "require_pair", "require_parts", "require_range", "require_scalar"]


def require_pair(batch: Any) -> tuple[Any, Any]:
    """Check that a batch is a pair, and return its inputs and its targets.

    Example:
        >>> require_pair([1.0, 2.0, 3.0])
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: loader: expected pairs of inputs and targets, got a list. \
Let it yield (inputs, targets), as a DataLoader of a TensorDataset does.
    """
    if not isinstance(batch, tuple | list) or len(batch) != 2:
        hint = "Let it yield (inputs, targets), as a DataLoader of a TensorDataset does."
        raise ArgumentTypeError("loader", describe(batch), "pairs of inputs and targets", hint)
    return batch[0], batch[1]


def require_parts(
    model: object, loader: object, loss: object, optimizer: object
) -> list[nn.Module]:
    """Check the four; return the model, and the loss if it is a module too."""
    if not isinstance(model, nn.Module):
        raise ArgumentTypeError("model", describe(model), "a torch.nn.Module", "Pass the network.")
    if not isinstance(loader, Iterable) or isinstance(loader, Iterator):
        expected = "batches that can be iterated over again and again"
        hint = "Pass a DataLoader, or a list of batches; a generator is used up after one epoch."
        raise ArgumentTypeError("loader", describe(loader), expected, hint)
    if not callable(loss):
        hint = "Pass torch.nn.functional.cross_entropy, for instance."
        raise ArgumentTypeError("loss", describe(loss), "a function of outputs and targets", hint)
    if not isinstance(optimizer, torch.optim.Optimizer):
        hint = "Pass torch.optim.SGD(model.parameters(), lr=0.1), for instance."
        raise ArgumentTypeError("optimizer", describe(optimizer), "a torch optimizer", hint)
    modules = [model, *([loss] if isinstance(loss, nn.Module) else [])]
    _require_trainable(modules, optimizer)
    return modules


def _require_trainable(modules: list[nn.Module], optimizer: torch.optim.Optimizer) -> None:
    own = {id(parameter) for module in modules for parameter in module.parameters()}
    driven = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    if not any(id(parameter) in own and parameter.requires_grad for parameter in driven):
        expected = "parameters of the model that require a gradient"
        hint = "Make the optimizer after the model, and unfreeze what is to be trained."
        raise ArgumentValueError("optimizer", "none of them", expected, hint)


def require_scalar(objective: object) -> None:
    """Check that the loss of a batch is one number that can be differentiated.

    Example:
        >>> require_scalar(torch.zeros(3))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: loss: expected a scalar tensor, got a float32 array of \
shape (3,) from it. Return the mean over the batch; torch's losses have reduction='mean' for it.
    """
    if not isinstance(objective, torch.Tensor) or objective.ndim > 0:
        hint = "Return the mean over the batch; torch's losses have reduction='mean' for it."
        raise ArgumentValueError("loss", f"{describe(objective)} from it", "a scalar tensor", hint)


def require_range(start: object, end: object) -> tuple[float, float]:
    """Check that both ends are above 0 and the second is the larger one.

    Example:
        >>> require_range(1, 0.1)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: end: expected more than the start, 1.0, got 0.1. \
The rates grow from start to end, say from 1e-7 to 10.
    """
    first = require_number("start", start, positive=True)
    last = require_number("end", end, positive=True)
    if last <= first:
        hint = "The rates grow from start to end, say from 1e-7 to 10."
        raise ArgumentValueError("end", repr(end), f"more than the start, {first}", hint)
    return first, last


def require_factor(stop_factor: object) -> float:
    """Check that the limit is above 1; infinity is none.

    Example:
        >>> require_factor(1)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: stop_factor: expected a number > 1, got 1. \
Stop when the loss is so many times the best one; 4 is usual.
    """
    if stop_factor == math.inf:
        return math.inf
    factor = require_number("stop_factor", stop_factor)
    if factor <= 1:
        hint = "Stop when the loss is so many times the best one; 4 is usual."
        raise ArgumentValueError("stop_factor", repr(stop_factor), "a number > 1", hint)
    return factor
