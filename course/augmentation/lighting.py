"""Lighting: each image a little brighter or darker, with more or less contrast."""

import torch

from course.arrays import Number, require_number
from course.augmentation.arguments import Augmentation, per_image, require_call, uniform
from course.errors import ArgumentValueError

__all__ = ["brightness_contrast"]


def brightness_contrast(
    brightness: Number = 0.1,
    contrast: Number = 0.2,
    *,
    limits: tuple[Number, Number] | None = (0.0, 1.0),
) -> Augmentation:
    r"""Change the brightness and the contrast of each image by its own draws.

    .. math:: x' = c \, (x - \bar x) + \bar x + b, \qquad
        c = \begin{cases} 1 + u & u \ge 0 \\ 1 / (1 - u) & u < 0 \end{cases}

    with ``b`` drawn evenly from +-`brightness`, ``u`` from +-`contrast`, and the mean of the
    image, over its pixels and channels, which the contrast leaves as it is. Twice the contrast
    (u = 1) is as likely as half (u = -1). torchvision differs: it draws factors from
    1 +- contrast, and multiplies by the brightness.

    Args:
        brightness: the largest amount added, at least 0, in the units of the images.
        contrast: the largest u, at least 0.
        limits: clip to these values; None for images that are standardised, and so know no
            black and white.

    Returns:
        An augmentation. With both strengths 0 it returns the images bit for bit.

    Raises:
        ArgumentTypeError, ArgumentValueError: a strength or limits that cannot be right;
            and, when called, images or a generator that do not fit.

    Example:
        >>> light = brightness_contrast(brightness=0.5, contrast=0, limits=None)
        >>> grey = torch.full((3, 1, 2, 2), 0.5)
        >>> light(grey, torch.Generator().manual_seed(0)).std(dim=(1, 2, 3))
        tensor([0., 0., 0.])

    Source: fast.ai 0.7, `RandomLighting`; its `lighting(im, b, c)`.
    """
    largest_b = require_number("brightness", brightness)
    largest_u = require_number("contrast", contrast)
    if limits is not None and not limits[0] < limits[1]:
        hint = "Use (0, 1) for images in 0..1."
        raise ArgumentValueError("limits", repr(limits), "the lower one first", hint)

    def augment(images: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        require_call(images, generator)
        if largest_b == largest_u == 0:
            return images.clone()
        b = per_image(uniform(images, generator, largest_b), images)
        u = per_image(uniform(images, generator, largest_u), images)
        factor = torch.where(u >= 0, 1 + u, 1 / (1 - u))
        mean = images.mean(dim=(1, 2, 3), keepdim=True)
        lit = factor * (images - mean) + mean + b
        return lit if limits is None else lit.clamp(*limits)

    return augment
