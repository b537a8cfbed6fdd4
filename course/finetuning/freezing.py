"""Which groups of layers learn, and what batch normalisation does in those that do not.

A frozen group keeps its parameters. Its batch normalisation has to rest too: in training mode
it would normalise with the statistics of each batch and drag its running averages along, so the
"frozen" group would not give what it gave before. Hence `train_mode`, to be used instead of
``model.train()``. (fast.ai 0.7 has `bn_freeze` for it; Keras does so on its own.)
"""

from collections.abc import Sequence

from torch import nn

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.finetuning.groups import require_groups

__all__ = ["freeze_to", "train_mode", "unfreeze"]


def freeze_to(groups: Sequence[nn.Module], n: int) -> None:
    """Let group n and all after it learn, and freeze those before.

    Gradients that frozen parameters still hold are dropped, so that no optimizer moves them by
    an old one. Call it before you make the optimizer, which takes what learns.

    Args:
        groups: the groups of layers, the head last.
        n: the first group that learns; counted from the end if negative, so -1 leaves only the
            head. 0 freezes nothing, and as many as there are groups freezes everything.

    Raises:
        ArgumentTypeError: if `n` is no whole number, or a group no module.
        ArgumentValueError: if there is no such group.

    Example:
        >>> groups = [nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 3)]
        >>> freeze_to(groups, -1)
        >>> [group.weight.requires_grad for group in groups]
        [False, False, True]

    Source: fast.ai, lesson 2, `learn.freeze_to(n)`.
    """
    modules = require_groups(groups)
    count = len(modules)
    first = require_count("n", n, at_least=-count)
    if first > count:
        hint = "Use -1 to train only the head."
        raise ArgumentValueError("n", str(first), f"a number in {-count}..{count}", hint)
    first %= count + (first >= 0)
    for position, module in enumerate(modules):
        for parameter in module.parameters():
            parameter.requires_grad_(position >= first)
            if position < first:
                parameter.grad = None


def unfreeze(groups: Sequence[nn.Module]) -> None:
    """Let every group learn.

    Args:
        groups: the groups of layers.

    Raises:
        ArgumentTypeError: if a group is no module.

    Example:
        >>> groups = [nn.Linear(2, 2), nn.Linear(2, 3)]
        >>> freeze_to(groups, 1)
        >>> unfreeze(groups)
        >>> groups[0].weight.requires_grad
        True
    """
    freeze_to(groups, 0)


def train_mode(model: nn.Module) -> None:
    """Training mode, except for batch normalisation whose parameters are all frozen.

    Batch normalisation without parameters (affine=False) rests if all parameters of the model
    are frozen. Dropout is not affected: it learns nothing.

    Args:
        model: the network, or a part of it.

    Example:
        >>> model = nn.Sequential(nn.BatchNorm1d(2), nn.Linear(2, 2), nn.BatchNorm1d(2))
        >>> freeze_to([model[0], model[1:]], 1)
        >>> train_mode(model)
        >>> [layer.training for layer in model]
        [False, True, True]
    """
    model.train()
    still = not any(parameter.requires_grad for parameter in model.parameters())
    for layer in model.modules():
        if isinstance(layer, nn.modules.batchnorm._BatchNorm):
            own = [parameter.requires_grad for parameter in layer.parameters()]
            if not any(own) if own else still:
                layer.eval()
