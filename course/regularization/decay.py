r"""Weight decay that is decoupled from the gradient.

For plain SGD, decay and an L2 penalty are the same thing. For Adam they are not: there the
gradient of a penalty is divided by the running size of all gradients, so weights with large
gradients are hardly penalised. Decoupled decay shrinks the weights directly, *before* the
optimizer's step, and never enters the gradient.

The option chosen: as in torch's AdamW the decay is multiplied by the learning rate; in the
paper it is multiplied by the schedule alone. Both forms are here, as two functions: a pure
one, and one that changes parameters in place and says so by its underscore, as in torch.
"""

from collections.abc import Iterable
from typing import Any

from jaxtyping import Float

from course.arrays import ArrayT, Number, require_number
from course.errors import ArgumentTypeError, ArgumentValueError
from course.regularization.arguments import require_array

__all__ = ["decoupled_weight_decay", "decoupled_weight_decay_"]


def decoupled_weight_decay(
    weights: Float[ArrayT, "..."], lr: Number, decay: Number
) -> Float[ArrayT, "..."]:
    r"""The weights, shrunk a little towards 0; take the optimizer's step after it.

    .. math:: W \leftarrow (1 - \eta \lambda)\, W

    with ``W`` = `weights`, eta = `lr` and lambda = `decay`.

    Args:
        weights: of any shape and floating dtype, which is kept.
        lr: the learning rate of the step that follows, at least 0.
        decay: at least 0, with lr * decay at most 1.

    Returns:
        New weights; those passed are not modified.

    Raises:
        ArgumentTypeError: no floating array, or a rate that is no number.
        ArgumentValueError: empty weights, a negative rate, or lr * decay above 1, which
            would turn the sign of every weight.

    Example:
        >>> import numpy as np
        >>> decoupled_weight_decay(np.array([1.0, -2.0]), lr=0.1, decay=0.5)
        array([ 0.95, -1.9 ])

    Source: Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019,
    algorithm 2.
    """
    require_array("weights", weights)
    shrunk: ArrayT = weights * _factor(lr, decay)
    return shrunk


def decoupled_weight_decay_(parameters: Iterable[Any], lr: Number, decay: Number) -> None:
    """Shrink torch parameters in place, outside of autograd; see `decoupled_weight_decay`.

    Args:
        parameters: the torch tensors to decay, such as ``model.parameters()``; leave biases and the
            scales of normalisation out.
        lr: the learning rate of the step that follows, at least 0.
        decay: at least 0, with lr * decay at most 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `decoupled_weight_decay`; nothing has been
            changed then.

    Example:
        >>> import torch
        >>> layer = torch.nn.Linear(2, 1, bias=False)
        >>> _ = torch.nn.init.ones_(layer.weight)
        >>> decoupled_weight_decay_(layer.parameters(), lr=0.1, decay=0.5)
        >>> layer.weight.tolist()
        [[0.949999988079071, 0.949999988079071]]

    Source: as `decoupled_weight_decay`.
    """
    import torch  # whoever calls this has imported it

    chosen, factor = list(parameters), _factor(lr, decay)
    for parameter in chosen:
        require_array("parameters", parameter)
        if not isinstance(parameter, torch.Tensor):
            hint = "For arrays use decoupled_weight_decay, which returns new ones."
            raise ArgumentTypeError("parameters", "a NumPy array", "torch tensors", hint)
    with torch.no_grad():
        for parameter in chosen:
            parameter.mul_(factor)


def _factor(lr: object, decay: object) -> float:
    product = require_number("lr", lr) * require_number("decay", decay)
    if product > 1:
        hint = "Beyond 1 every weight changes its sign: lower one of them."
        raise ArgumentValueError("lr, decay", f"a product of {product:g}", "at most 1", hint)
    return 1 - product
