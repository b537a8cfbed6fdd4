"""Several augmentations, one after the other."""

import torch

from course.arrays import describe
from course.augmentation.arguments import Augmentation, require_call
from course.errors import ArgumentTypeError

__all__ = ["compose"]


def compose(*augmentations: Augmentation) -> Augmentation:
    """Apply augmentations from left to right; they draw from the generator in this order.

    Args:
        augmentations: functions ``images, generator -> images``; with none of them, the images
            come back as they are.

    Raises:
        ArgumentTypeError: if one of them cannot be called.

    Example:
        >>> from course.augmentation import random_crop, random_flip
        >>> augment = compose(random_flip(), random_crop(6))
        >>> augment(torch.rand(2, 3, 8, 8), torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 6, 6])
    """
    for each in augmentations:
        _require_callable(each)

    def augment(images: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        require_call(images, generator)
        views = images.clone()
        for each in augmentations:
            views = each(views, generator)
        return views

    return augment


def _require_callable(augmentation: object) -> None:
    if not callable(augmentation):
        hint = "Call the factory first: compose(random_flip(), ...)."
        expected = "functions images, generator -> images"
        raise ArgumentTypeError("augmentations", describe(augmentation), expected, hint)
