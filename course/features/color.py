"""The hue histogram: which colours an image holds, and nothing about where.

The options chosen: each pixel counts once, whatever its saturation, so the bins sum to 1.
Grey has no hue; HSV gives it 0, hence black, white and grey count as red, in bin 0. Hue is a
circle: 1 is the same red as 0 and falls into bin 0, not into the last one. Only the hue is
computed here: the other two thirds of a conversion to HSV would be thrown away.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from course.arrays import require_count
from course.features.arguments import require_images

__all__ = ["color_histogram"]


def color_histogram(
    images: Float[np.ndarray, "N H W 3"], bins: int = 12
) -> Float[np.ndarray, "N bins"]:
    r"""Histogram of the hue of the pixels, for each image.

    .. math:: h_b = \frac{1}{HW} \bigl|\{\text{pixels}: \lfloor B \cdot \text{hue} \rfloor
              \bmod B = b\}\bigr|

    with hue in 0..1 (red 0, green 1/3, blue 2/3) and ``B`` = `bins`.

    Args:
        images: (N, height, width, 3), red, green and blue in 0..1.
        bins: how many parts of the circle of hues, at least 1.

    Returns:
        (N, bins), in the dtype of the images; each row sums to 1.

    Raises:
        ArgumentTypeError: no floating NumPy array, or bins is no whole number.
        ArgumentValueError: a wrong shape, no image, pixels outside of 0..1 or NaN, bins < 1.

    Example:
        A red, a green, a blue and a grey pixel; grey counts as red:

        >>> pixels = np.array([[[[1, 0, 0], [0, 1, 0]], [[0, 0, 1], [0.5, 0.5, 0.5]]]], dtype=float)
        >>> color_histogram(pixels, bins=3)
        array([[0.5 , 0.25, 0.25]])

    Source: CS231n, lecture 3, "Image features: color histogram", and assignment 1
    (`features.py`).
    """
    pixels = require_images(images, grey=False)
    count = require_count("bins", bins)
    hues = _hues(pixels.reshape(len(pixels), -1, 3))
    places = (hues * count).astype(np.intp) % count
    places += count * np.arange(len(pixels))[:, None]
    counts = np.bincount(places.ravel(), minlength=count * len(pixels))
    shares: np.ndarray = counts.reshape(-1, count) / places.shape[1]
    return shares.astype(pixels.dtype)


def _hues(pixels: Any) -> Any:
    """The angle of each pixel on the circle of colours, as a part of the whole; grey has 0."""
    red, green, blue = (pixels[..., channel] for channel in range(3))
    high = np.maximum(np.maximum(red, green), blue)
    spread = high - np.minimum(np.minimum(red, green), blue)
    spread[spread == 0] = 1  # grey: the difference above it is 0
    between = np.where(high == green, 2 + (blue - red) / spread, 4 + (red - green) / spread)
    return np.where(high == red, (green - blue) / spread, between) / 6 % 1
