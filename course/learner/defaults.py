"""What a learner takes where nothing is said, and the checks of what is."""

from typing import Any, TypeVar

import torch
from jaxtyping import Float
from torch import nn

from course.arrays import describe
from course.errors import ArgumentTypeError
from course.finetuning import layer_groups

__all__ = ["accuracy", "default_groups", "require_function", "sgd"]

FunctionT = TypeVar("FunctionT")


def accuracy(scores: Float[torch.Tensor, "N C"], targets: torch.Tensor) -> Float[torch.Tensor, ""]:
    """The share of examples whose highest score is that of their class.

    Example:
        >>> accuracy(torch.eye(3), torch.tensor([0, 1, 1]))
        tensor(0.6667)
    """
    return (scores.argmax(dim=1) == targets).to(scores.dtype).mean()


def sgd(groups: list[dict[str, Any]]) -> torch.optim.Optimizer:
    """Stochastic gradient descent with momentum 0.9.

    Example:
        >>> sgd([{"params": [torch.zeros(1)], "lr": 0.1}]).defaults["momentum"]
        0.9
    """
    return torch.optim.SGD(groups, momentum=0.9)


def default_groups(model: nn.Module) -> list[nn.Module]:
    """The groups of layers; a model without parts is a single one.

    Example:
        >>> len(default_groups(nn.Linear(1, 2)))
        1
    """
    return layer_groups(model) if any(model.children()) else [model]


def require_function(name: str, value: FunctionT) -> FunctionT:
    """Check that an argument can be called.

    Example:
        >>> require_function("loss", "hinge")
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: loss: expected a function, got 'hinge'. \
Pass torch.nn.functional.cross_entropy, or torch.optim.Adam, for instance.
    """
    if not callable(value):
        hint = "Pass torch.nn.functional.cross_entropy, or torch.optim.Adam, for instance."
        raise ArgumentTypeError(name, describe(value), "a function", hint)
    return value
