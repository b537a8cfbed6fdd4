"""Evaluation mode for a while.

The mode is kept for each submodule, because a network in training mode may hold layers that
rest in evaluation mode (batch normalisation that is frozen). ``model.train()`` at the end would
wake those up.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

from course.arrays import describe
from course.errors import ArgumentTypeError

__all__ = ["evaluating", "require_module", "restoring_modes"]


@contextmanager
def restoring_modes(module: nn.Module) -> Iterator[None]:
    """Give each submodule back the mode that it had, however the block ends.

    Example:
        >>> layer = nn.Dropout()
        >>> with restoring_modes(layer):
        ...     _ = layer.eval()
        >>> layer.training
        True
    """
    modes = [(each, each.training) for each in module.modules()]
    try:
        yield
    finally:
        for each, training in modes:
            each.training = training


@contextmanager
def evaluating(module: nn.Module) -> Iterator[None]:
    """Evaluation mode and no autograd inside the block; afterwards the modes of before.

    Args:
        module: the network.

    Raises:
        ArgumentTypeError: if it is no module.

    Example:
        >>> model = nn.Sequential(nn.BatchNorm1d(2).eval(), nn.Dropout())
        >>> with evaluating(model):
        ...     bool((model[1](torch.ones(8)) == 1).all())  # nothing is dropped
        True
        >>> [layer.training for layer in model]
        [False, True]
    """
    require_module("module", module)
    with restoring_modes(module), torch.no_grad():
        module.eval()
        yield


def require_module(name: str, value: object) -> nn.Module:
    """Check that an argument is a torch module.

    Example:
        >>> require_module("model", "resnet18")
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: model: expected a torch.nn.Module, got 'resnet18'. \
Pass the network itself.
    """
    if not isinstance(value, nn.Module):
        hint = "Pass the network itself."
        raise ArgumentTypeError(name, describe(value), "a torch.nn.Module", hint)
    return value
