"""Four small networks that differ in how they pool, to see what makes a network invariant.

All live on a circular canvas: their convolutions wrap around, so that shifting an image loses
nothing, and any failure of invariance is the pooling's doing, not the border's. Three
convolutions and, where there is pooling, two poolings with stride 2: a shift by a multiple of 4
passes them exactly.
"""

from typing import Literal, get_args

from torch import nn

from course.arrays import describe, require_count
from course.errors import ArgumentValueError
from course.models.body_and_head import BodyAndHead
from course.models.seeding import seeded

__all__ = ["Pooling", "invariance_net"]

Pooling = Literal["max+gap", "maxblur+gap", "none+gap", "max+fc"]

STRIDE = 2


def invariance_net(
    pooling: Pooling,
    classes: int = 10,
    *,
    canvas: int = 16,
    width: int = 16,
    seed: int = 0,
) -> BodyAndHead:
    """A convolutional network for grey images on a circular canvas, with a pooling to study.

    Three 3 x 3 circular convolutions of width, 2 width and 4 width channels, each with batch
    normalisation and ReLU. `pooling` names what follows the first and the second of them, and
    how the last feature map becomes features:

    - "max+gap": max-pooling with stride 2; global average pooling. Invariant under shifts by
      multiples of 4 exactly, under others not.
    - "maxblur+gap": the maximum at every pixel, blurred before every second one is kept
      (`course.invariance`); global average pooling. Close to invariant under every shift.
    - "none+gap": no pooling; global average pooling. Invariant exactly under every shift, and
      16 times the work in the last layer.
    - "max+fc": max-pooling; a fully connected layer sees each position on its own. Invariant
      under no shift.

    Args:
        pooling: one of the four.
        classes: C, how many scores the head gives.
        canvas: height and width of the images, a multiple of 4.
        width: channels of the first convolution.
        seed: draws the weights.

    Returns:
        A model for images of shape (N, 1, canvas, canvas). Its body has a stage per convolution
        and ends in feature maps for all four; pooling over positions is part of the head.

    Raises:
        ArgumentTypeError: if a number is no integer.
        ArgumentValueError: if `pooling` is none of the four, or a number cannot be right.

    Example:
        >>> import torch
        >>> images = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
        >>> model = invariance_net("max+gap").eval()
        >>> moved = torch.roll(images, (4, 8), dims=(2, 3))
        >>> bool(torch.allclose(model(images), model(moved), atol=1e-5))
        True

    Source: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019;
    STATS385, lecture 2.
    """
    if pooling not in get_args(Pooling):
        expected = " or ".join(repr(name) for name in get_args(Pooling))
        hint = "The first word pools between convolutions, the second at the end."
        raise ArgumentValueError("pooling", describe(pooling), expected, hint)
    classes, width = require_count("classes", classes), require_count("width", width)
    if require_count("canvas", canvas) % STRIDE**2:
        hint = "Two poolings with stride 2 must come out even."
        raise ArgumentValueError("canvas", str(canvas), "a multiple of 4", hint)
    between, at_the_end = pooling.split("+")
    with seeded(seed):
        body = [
            nn.Sequential(*_layer(1, width), *_pool(between, width)),
            nn.Sequential(*_layer(width, 2 * width), *_pool(between, 2 * width)),
            nn.Sequential(*_layer(2 * width, 4 * width)),
        ]
        side = canvas if between == "none" else canvas // STRIDE**2
        features = 4 * width * (side**2 if at_the_end == "fc" else 1)
        averaging = [nn.AdaptiveAvgPool2d(1)] if at_the_end == "gap" else []
        head = nn.Sequential(*averaging, nn.Flatten(), nn.Linear(features, classes))
        return BodyAndHead(body, head)


def _layer(before: int, after: int) -> list[nn.Module]:
    convolution = nn.Conv2d(before, after, 3, padding=1, padding_mode="circular", bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]


def _pool(between: str, channels: int) -> list[nn.Module]:
    if between == "none":
        return []
    if between == "max":
        return [nn.MaxPool2d(STRIDE)]
    from course.invariance import MaxBlurPool  # only this network needs it

    return [MaxBlurPool(stride=STRIDE)]
