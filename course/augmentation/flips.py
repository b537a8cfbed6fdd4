"""Flips: each image mirrored, or not."""

import torch

from course.arrays import Number
from course.augmentation.arguments import (
    Augmentation,
    require_call,
    require_choice,
    require_fraction,
)

__all__ = ["random_flip"]

AXES = {"horizontal": 3, "vertical": 2}


def random_flip(probability: Number = 0.5, *, axis: str = "horizontal") -> Augmentation:
    """Mirror each image with some probability.

    Photographs taken from the side may be flipped horizontally, those from above both ways,
    letters and digits neither: a mirrored 2 is no digit, and b becomes d.

    Args:
        probability: of each image, in 0..1; 1 flips all of them.
        axis: "horizontal" exchanges left and right, "vertical" top and bottom.

    Returns:
        An augmentation. With probability 0 it returns the images bit for bit.

    Raises:
        ArgumentTypeError, ArgumentValueError: a probability or an axis that cannot be right;
            and, when called, images or a generator that do not fit.

    Example:
        >>> mirror = random_flip(1)
        >>> mirror(torch.tensor([[[[1.0, 2.0, 3.0]]]]), torch.Generator())
        tensor([[[[3., 2., 1.]]]])

    Source: fast.ai, lesson 2, `transforms_side_on` and `transforms_top_down`.
    """
    share = require_fraction("probability", probability)
    dimension = AXES[require_choice("axis", axis, tuple(AXES))]

    def augment(images: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        require_call(images, generator)
        if share == 0:
            return images.clone()
        draws = torch.rand(len(images), generator=generator, device=images.device)
        flipped = (draws < share).reshape(-1, 1, 1, 1)
        return torch.where(flipped, images.flip(dimension), images)

    return augment
