"""Which shifts move the features of an image, and how far, as a map over (dy, dx)."""

import numpy as np
import torch
from jaxtyping import Float, Float64

from course.arrays import require_count
from course.invariance.arguments import require_tensor_images
from course.invariance.measuring import Features, at_rest, distance_between_images, norms, rows_of
from course.invariance.shifting import shift

__all__ = ["sensitivity_map"]


def sensitivity_map(
    features: Features, images: Float[torch.Tensor, "N channels height width"], max_shift: int
) -> Float64[np.ndarray, "side side"]:
    r"""How far each shift moves the features, by the distance between two images.

    .. math:: D[t] = \frac{\operatorname{mean}_i \|f(T_t x_i) - f(x_i)\|}
              {\operatorname{mean}_{i < j} \|f(x_i) - f(x_j)\|}

    with ``f`` = `features`, ``x_i`` = `images` and ``t`` all (dy, dx) within `max_shift`. 0 says
    that the shift is not seen, 1 that it looks like another image. The middle is 0.

    Args:
        features: maps images to one tensor with a row for each; a module is measured in
            evaluation mode.
        images: at least two, finite, floating-point.
        max_shift: m, the largest shift in each direction, in pixels, at least 0.

    Returns:
        (2 m + 1, 2 m + 1): entry [m + dy, m + dx] belongs to the shift (dy, dx).

    Raises:
        ArgumentTypeError: no tensors, or no whole number.
        ArgumentValueError: fewer than two images, or features that are equal for all of them or
            not finite.

    Example:
        >>> images = torch.tensor([[1.0, 0, 0, 0], [0, 3.0, 0, 0]]).reshape(2, 1, 1, 4)
        >>> sensitivity_map(lambda x: x, images, 1)[1].round(3)  # dy = 0
        array([0.894, 0.   , 0.894])

    Source: Y. LeCun et al., "Learning methods for generic object recognition with invariance to
    pose and lighting", CVPR 2004, made such maps; R. Zhang, ICML 2019, figure 5.
    """
    x = require_tensor_images("images", images)
    most = require_count("max_shift", max_shift, at_least=0)
    span = range(-most, most + 1)
    with at_rest(features):
        plain = rows_of("features", features(x), len(x))
        yardstick = distance_between_images(plain)
        rows = [
            [
                float(norms(rows_of("features", features(shift(x, dy, dx)), len(x)) - plain).mean())
                for dx in span
            ]
            for dy in span
        ]
    return np.array(rows) / yardstick
