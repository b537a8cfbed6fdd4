"""Does a layer commute with shifts? Convolutions do, up to their stride."""

import torch
from jaxtyping import Float

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.invariance.arguments import Shift, require_shift, require_tensor_images
from course.invariance.measuring import Features, at_rest, rows_of
from course.invariance.shifting import shift as shifted

__all__ = ["equivariance_error"]


def equivariance_error(
    layer: Features,
    images: Float[torch.Tensor, "N channels height width"],
    shift: Shift,
    *,
    stride: int = 1,
) -> float:
    r"""How far a layer is from moving its output along with its input, relative to its output.

    .. math:: \frac{\| \Phi(T_t x) - T_{t/S}\, \Phi(x) \|}{\| \Phi(x) \|}

    with ``Phi`` = `layer`, ``x`` = `images`, ``t`` = `shift` and ``S`` = `stride`, the product of
    all strides in the layer. It is 0 (up to rounding) for a circular convolution, whatever its
    weights, and for pooling with that stride. Zero padding breaks it near the border.

    Args:
        layer: maps (N, channels, height, width) to (N, maps, height / S, width / S); a module is
            measured in evaluation mode.
        images: finite, floating-point, at least one.
        shift: (dy, dx) in pixels of the input, both multiples of the stride.
        stride: how many pixels of the input are one of the output.

    Raises:
        ArgumentTypeError: images or features that are no tensor, or no whole numbers.
        ArgumentValueError: a shift that the stride does not divide (there is no such shift of
            the output), an output that is 0 or of another size, numbers that are not finite.

    Example:
        >>> from torch import nn
        >>> images = torch.arange(16.0).reshape(1, 1, 4, 4)
        >>> equivariance_error(nn.MaxPool2d(2), images, (0, 2), stride=2)
        0.0
        >>> round(equivariance_error(lambda x: x.cumsum(-1), images, (0, 2)), 3)  # no shift of it
        0.759

    Source: T. Cohen and M. Welling, "Group equivariant convolutional networks", ICML 2016,
    section 3; T. Wiatowski and H. Bolcskei, IEEE Trans. Inf. Theory 64(3), 2018, section IV.
    """
    x = require_tensor_images("images", images)
    step = require_count("stride", stride)
    dy, dx = require_shift("shift", shift)
    if dy % step or dx % step:
        hint = f"A shift of {step} pixels in the input is one pixel in the output."
        raise ArgumentValueError("shift", str((dy, dx)), f"multiples of the stride {step}", hint)
    with at_rest(layer):
        plain, moved = layer(x), layer(shifted(x, dy, dx))
        size = float(torch.linalg.vector_norm(rows_of("layer", plain, len(x))))
        _require_maps(plain, x, step, size)
        difference = rows_of("layer", moved, len(x)) - shifted(
            plain, dy // step, dx // step
        ).reshape(len(x), -1)
    return float(torch.linalg.vector_norm(difference)) / size


def _require_maps(maps: torch.Tensor, images: torch.Tensor, stride: int, size: float) -> None:
    wanted = tuple(side // stride for side in images.shape[-2:])
    exact = all(side % stride == 0 for side in images.shape[-2:])
    if maps.ndim != 4 or tuple(maps.shape[-2:]) != wanted or not exact:
        expected = f"maps of shape (N, channels, height / {stride}, width / {stride})"
        hint = "Check the stride, and pad circularly so that the size is kept."
        raise ArgumentValueError("layer", f"maps of shape {tuple(maps.shape)}", expected, hint)
    if size == 0:
        hint = "The error is relative to the output: there is nothing to compare with."
        raise ArgumentValueError("layer", "an output of 0", "an output that is not 0", hint)
