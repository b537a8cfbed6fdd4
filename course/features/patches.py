"""Small square patches of images, on a regular grid."""

import numpy as np
from jaxtyping import Float

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.features.arguments import require_images

__all__ = ["extract_patches"]


def extract_patches(
    images: Float[np.ndarray, "N H W ..."], patch: int, stride: int = 1
) -> Float[np.ndarray, "N P D"]:
    """The patches of each image, row by row, each as one row of numbers.

    Args:
        images: (N, height, width), or with 3 colours last; 0..1.
        patch: side of a patch in pixels, at most that of an image.
        stride: pixels from one patch to the next, at least 1.

    Returns:
        (N, P, D), a copy, with P = ((height - patch) // stride + 1) * ((width - patch) //
        stride + 1) and D = patch ** 2, or 3 patch ** 2 with the colours of a pixel together.

    Raises:
        ArgumentTypeError: no floating NumPy array, or a size that is no whole number.
        ArgumentValueError: a wrong shape, no image, pixels outside of 0..1 or NaN, a size
            below 1, or a patch larger than an image.

    Example:
        >>> extract_patches(np.arange(9.0).reshape(1, 3, 3) / 8, patch=2)[0] * 8
        array([[0., 1., 3., 4.],
               [1., 2., 4., 5.],
               [3., 4., 6., 7.],
               [4., 5., 7., 8.]])

    Source: CS231n, lecture 3, "Image features: bag of words"; Coates, Lee and Ng, "An analysis of
    single-layer networks in unsupervised feature learning", 2011.
    """
    pixels = require_images(images)
    side, step = require_count("patch", patch), require_count("stride", stride)
    if side > min(pixels.shape[1:3]):
        got = f"{side} for images of {pixels.shape[1]} x {pixels.shape[2]}"
        raise ArgumentValueError("patch", got, "at most the side of an image", "Try 5.")
    views = np.lib.stride_tricks.sliding_window_view(pixels, (side, side), axis=(1, 2))
    views = views[:, ::step, ::step]
    if pixels.ndim == 4:
        views = np.moveaxis(views, 3, 5)
    return views.reshape(len(pixels), views.shape[1] * views.shape[2], -1).copy()
