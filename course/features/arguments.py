"""The check of images that the features share."""

from typing import Any

import numpy as np

from course.arrays import describe
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["require_images"]

GREY, COLOUR = "(N, height, width)", "(N, height, width, 3)"


def require_images(
    images: object, *, grey: bool = True, colour: bool = True
) -> np.ndarray[Any, np.dtype[Any]]:
    """Check that `images` is a floating batch that is not empty, each pixel in 0..1.

    Example:
        >>> require_images(np.zeros((8, 8)))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: images: expected shape (N, height, width) or \
(N, height, width, 3), got a float64 array of shape (8, 8). For a single image use images[None].
    """
    if not isinstance(images, np.ndarray) or images.dtype.kind != "f":
        hint = "Bytes become numbers in 0..1 by images / 255, tensors arrays by tensor.numpy()."
        raise ArgumentTypeError("images", describe(images), "a floating NumPy array", hint)
    fits = (grey and images.ndim == 3) or (colour and images.ndim == 4 and images.shape[3] == 3)
    if not fits or 0 in images.shape:
        shapes = " or ".join(shape for shape, on in ((GREY, grey), (COLOUR, colour)) if on)
        hint = "For a single image use images[None]."
        raise ArgumentValueError("images", describe(images), f"shape {shapes}", hint)
    low, high = float(images.min()), float(images.max())
    if not (low >= 0 and high <= 1):  # false for NaN too
        expected, hint = "pixels in 0..1", "Divide bytes by 255, and look for NaN."
        raise ArgumentValueError("images", f"pixels in {low:g}..{high:g}", expected, hint)
    return images
