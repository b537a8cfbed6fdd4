"""Discriminative learning rates: early layers learn slowly, the head fast.

The early layers see edges and colours, which serve for other images too; the head knows nothing
yet. (fast.ai called them differential rates first; Howard and Ruder's paper discriminative.)
"""

from collections.abc import Sequence
from typing import Any

from torch import nn

from course.arrays import Number, require_count, require_number
from course.errors import ArgumentValueError
from course.finetuning.groups import require_groups

__all__ = ["discriminative_learning_rates", "parameter_groups", "require_rates"]


def discriminative_learning_rates(
    groups: int | Sequence[nn.Module], head: Number, ratio: Number = 3.0
) -> tuple[float, ...]:
    r"""A rate for each group of layers, the largest at the head.

    .. math:: \eta_i = \eta_{head} \, r^{-(n - 1 - i)}, \qquad i = 0, \dots, n - 1

    with ``n`` groups, ``eta_head`` = `head` and ``r`` = `ratio`.

    Args:
        groups: how many groups, or the groups themselves, the head last.
        head: the rate of the last one, above 0.
        ratio: how many times each group's rate is that of the one before, at least 1. The
            lecture takes 3 to 10; Howard and Ruder 2.6.

    Raises:
        ArgumentTypeError, ArgumentValueError: a number that cannot be right, or no group.

    Example:
        >>> [round(rate, 4) for rate in discriminative_learning_rates(3, head=0.09, ratio=3)]
        [0.01, 0.03, 0.09]

    Source: fast.ai, lesson 2; Howard and Ruder, "Universal language model fine-tuning",
    ACL 2018, section 3.2.
    """
    count = require_count("groups", groups if _is_number(groups) else len(require_groups(groups)))
    largest = require_number("head", head, positive=True)
    factor = require_number("ratio", ratio)
    if factor < 1:
        hint = "Below 1 the early layers would learn faster than the head."
        raise ArgumentValueError("ratio", repr(factor), "a number >= 1", hint)
    return tuple(largest / factor ** (count - 1 - i) for i in range(count))


def parameter_groups(
    groups: Sequence[nn.Module], rates: Sequence[Number] | Number
) -> list[dict[str, Any]]:
    """The groups as a torch optimizer takes them, each with its rate.

    Parameters that are frozen are left out, and groups without any other: an optimizer with
    weight decay or momentum could move them.

    Args:
        groups: the groups of layers.
        rates: one per group, at least 0; or one for all.

    Returns:
        For each group that learns, a dict with "params" and "lr".

    Raises:
        ArgumentTypeError: if a rate is no number, or a group no module.
        ArgumentValueError: if there is not one rate per group, one is negative, or nothing
            learns.

    Example:
        >>> import torch
        >>> groups = [nn.Linear(2, 2), nn.Linear(2, 3)]
        >>> optimizer = torch.optim.SGD(parameter_groups(groups, [0.01, 0.1]))
        >>> [group["lr"] for group in optimizer.param_groups]
        [0.01, 0.1]
    """
    modules = require_groups(groups)
    learning = []
    for module, rate in zip(modules, require_rates(rates, len(modules)), strict=True):
        parameters = [parameter for parameter in module.parameters() if parameter.requires_grad]
        if parameters:
            learning.append({"params": parameters, "lr": rate})
    if not learning:
        hint = "Use freeze_to(groups, -1) to train the last group, or unfreeze(groups)."
        raise ArgumentValueError("groups", "only frozen ones", "a group that learns", hint)
    return learning


def require_rates(rates: object, count: int) -> tuple[float, ...]:
    """Check that there is a rate for each of so many groups; a single one serves all.

    Example:
        >>> require_rates([0.1, 0.2], 3)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: lr: expected one rate, or 3, one per group of layers, \
got 2. Use discriminative_learning_rates(3, head=0.1).
    """
    if not isinstance(rates, list | tuple):
        return (require_number("lr", rates),) * count
    if len(rates) != count:
        hint = f"Use discriminative_learning_rates({count}, head=0.1)."
        expected = f"one rate, or {count}, one per group of layers"
        raise ArgumentValueError("lr", str(len(rates)), expected, hint)
    return tuple(require_number("lr", rate) for rate in rates)


def _is_number(groups: object) -> bool:
    return not isinstance(groups, Sequence | nn.Module)
