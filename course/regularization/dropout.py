"""Inverted dropout: rescaled while training, so that nothing is left to do afterwards.

The option chosen: the inverted form, as every library has it. The first paper scales by
1 - p when testing instead, and its p is the probability to *keep*; here p is the
probability to drop, as in torch.
"""

from typing import TYPE_CHECKING, Any

import numpy as np
from array_api_compat import is_torch_array
from jaxtyping import Float

from course.arrays import ArrayT, Number, describe, require_number
from course.errors import ArgumentTypeError, ArgumentValueError
from course.regularization.arguments import require_array

if TYPE_CHECKING:
    import torch

__all__ = ["dropout"]


def dropout(
    x: Float[ArrayT, "..."],
    p: Number,
    *,
    training: bool,
    generator: "np.random.Generator | torch.Generator | None" = None,
) -> Float[ArrayT, "..."]:
    r"""Set each entry to 0 with probability p, and scale up the others.

    .. math:: y = \frac{m \odot x}{1 - p}, \qquad m_i \sim \text{Bernoulli}(1 - p)

    so the expectation of ``y`` is ``x``, and its variance :math:`x^2 p / (1 - p)`. When not
    training, ``y`` = ``x``: the very same array.

    Args:
        x: of any shape and floating dtype, which is kept.
        p: the probability to drop an entry, in 0..1; 0 keeps all, 1 drops all.
        training: whether to drop anything.
        generator: draws the mask, so it is needed in training: a NumPy generator for an
            array, a torch generator on the device of x for a tensor.

    Returns:
        The shape, dtype and device of x; differentiable by autograd.

    Raises:
        ArgumentTypeError: x is no floating array, or the generator does not fit it.
        ArgumentValueError: x is empty, p is outside of 0..1, or the generator is on another
            device.

    Example:
        >>> dropout(np.ones(6), 0.5, training=True, generator=np.random.default_rng(0))
        array([2., 0., 0., 0., 2., 2.])
        >>> dropout(np.ones(3), 0.5, training=False)
        array([1., 1., 1.])

    Source: Srivastava et al., "Dropout", JMLR 2014, sections 4 and 10; CS231n, lecture 7.
    """
    xp = require_array("x", x)
    rate = _require_probability(p)
    if not training:
        return x
    keep = _draw(x, generator) >= rate
    scaled = x / (1 - rate) if rate < 1 else x
    dropped: ArrayT = xp.where(keep, scaled, xp.zeros_like(x))
    return dropped


def _require_probability(p: object) -> float:
    number = require_number("p", p)
    if number > 1:
        hint = "p is the share to drop, not a percentage."
        raise ArgumentValueError("p", repr(number), "a probability in 0..1", hint)
    return number


def _draw(x: Any, generator: Any) -> Any:
    """Numbers in [0, 1) from a generator that fits x."""
    if is_torch_array(x):
        return _draw_tensor(x, generator)
    if not isinstance(generator, np.random.Generator):
        hint = "Pass np.random.default_rng(0)."
        raise ArgumentTypeError("generator", describe(generator), "a NumPy generator", hint)
    return generator.random(x.shape)


def _draw_tensor(x: "torch.Tensor", generator: Any) -> "torch.Tensor":
    import torch

    hint = f"Pass torch.Generator(device={str(x.device)!r}).manual_seed(0)."
    if not isinstance(generator, torch.Generator):
        raise ArgumentTypeError("generator", describe(generator), "a torch generator", hint)
    home = torch.empty(0, device=generator.device).device  # "cuda" as "cuda:0"
    if home != x.device:
        got, expected = f"one on {home}", f"one on {x.device}, where x is"
        raise ArgumentValueError("generator", got, expected, hint)
    return torch.rand(x.shape, generator=generator, device=x.device)
