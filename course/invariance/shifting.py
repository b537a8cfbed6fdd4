"""The shift operator T_t: circular, so that it loses nothing and can be undone exactly.

The option chosen is the torus, where what leaves on one side comes back on the other. (A shift
that brings in zeros changes what is in the picture, and a difference afterwards says nothing
about the layer.)
"""

from typing import Any

import torch
from jaxtyping import Float

from course.arrays import ArrayT, namespace
from course.invariance.arguments import require_images, require_shift

__all__ = ["shift", "shift_each"]


def shift(
    images: Float[ArrayT, "*shape"], dy: int, dx: int, *, axes: tuple[int, int] = (-2, -1)
) -> Float[ArrayT, "*shape"]:
    r"""Move images `dy` pixels down and `dx` to the right on a canvas that wraps around.

    .. math:: (T_t x)[r, c] = x[(r - d_y) \bmod H,\; (c - d_x) \bmod W]

    with ``t`` = (`dy`, `dx`) and ``x`` = `images`. Shifts add up, and (-dy, -dx) undoes one.

    Args:
        images: (..., height, width), finite floating-point numbers, as NumPy array or tensor.
        dy: how far down, in pixels; negative for up.
        dx: how far to the right, in pixels; negative for left.
        axes: where height and width are; (-3, -2) for colour images with channels last.

    Raises:
        ArgumentTypeError: no array of floating-point numbers, or no whole number of pixels.
        ArgumentValueError: fewer than two axes, an empty one, or numbers that are not finite.

    Example:
        >>> import numpy as np
        >>> shift(np.array([[1.0, 2.0, 3.0]]), 0, 1)
        array([[3., 1., 2.]])

    Source: S. Mallat, "Understanding deep convolutional networks", 2016, section 2.
    """
    array = require_images("images", images)
    moved: ArrayT = namespace(images).roll(array, require_shift("dy, dx", (dy, dx)), axis=axes)
    return moved


def shift_each(images: Any, shifts: torch.Tensor) -> torch.Tensor:
    """Move each of N images (N, C, H, W) by its own row (dy, dx) of `shifts`, (N, 2).

    Example:
        >>> row = torch.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> shift_each(row, torch.tensor([[0, 1]]))
        tensor([[[[3., 1., 2.]]]])
    """
    height, width = images.shape[-2:]
    rows = (torch.arange(height, device=images.device) - shifts[:, :1]) % height
    columns = (torch.arange(width, device=images.device) - shifts[:, 1:]) % width
    down = torch.take_along_dim(images, rows[:, None, :, None], dim=2)
    return torch.take_along_dim(down, columns[:, None, None, :], dim=3)
