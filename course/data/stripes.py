"""Colour gratings: two independent things to see, orientation and hue.

They are made so that no feature that sees only one of the two can tell all classes apart: the
phase is random, so single pixels know nothing of the orientation; a colour histogram does not
either; and oriented gradients do not know the hue. Both together know the class. That is the
point of combining features, in a data set small enough to see it in a second.
"""

import colorsys

import numpy as np
import numpy.typing as npt

from course.arrays import require_count
from course.data.arguments import require_between, require_floating, require_split
from course.data.labelled import LabelledImages

__all__ = ["gratings"]

# primary colours first: as grey, the mean of the channels, they are equally bright
HUES = {"red": 0.0, "blue": 2 / 3, "green": 1 / 3, "cyan": 0.5, "magenta": 5 / 6, "yellow": 1 / 6}
HUE_JITTER = 0.02  # of the whole circle: 7 degrees to either side
ANGLE_JITTER = 5.0  # degrees to either side
CYCLES = (2.0, 4.0)  # across the image
SATURATION = 0.8
NOISE = 0.05

Floats = npt.NDArray[np.float64]


def gratings(
    split: str = "train",
    *,
    count: int = 400,
    size: int = 16,
    orientations: int = 2,
    hues: int = 2,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> LabelledImages:
    r"""Sinusoidal gratings whose class is an orientation and a hue, with a random phase.

    .. math:: v(x, y) = \tfrac12 + \tfrac12 \cos\bigl(2 \pi f (x \cos\theta + y \sin\theta)
              / \text{size} + \varphi\bigr)

    is the brightness at column ``x`` and row ``y``: ``theta`` is the direction in which the
    brightness changes, which HOG measures (0 degrees: vertical stripes; angles turn from right
    towards down, as rows grow downwards), ``f`` = 2 to 4 periods across the image, the phase
    ``phi`` is drawn from the whole circle. The colour has the hue of the class, saturation 0.8
    and 0.2 to 1 as its value; light noise is added, and the result clipped to 0..1.

    Classes count through the hues first: class k has orientation k // hues, hue k % hues.

    Args:
        split: "train" or "test": independent draws.
        count: how many images, spread over the classes as evenly as possible.
        size: height and width in pixels, at least 8.
        orientations: how many, 180 degrees apart in all; 1 to 6.
        hues: how many, the first of red, blue, green, cyan, magenta, yellow; 1 to 6.
        seed: draws the images.
        dtype: the floating dtype of the images.

    Returns:
        Colour images, (count, size, size, 3), with class names such as "90 degrees, blue".

    Raises:
        ArgumentTypeError: if `dtype` is no floating dtype, or a number no integer.
        ArgumentValueError: if `split` or a number cannot be right.

    Example:
        >>> data = gratings(count=8)
        >>> data.images.shape, data.class_names[:2]
        ((8, 16, 16, 3), ('0 degrees, red', '0 degrees, blue'))
        >>> np.bincount(data.labels)
        array([2, 2, 2, 2])

    Source: gratings of random phase are the classical stimulus for orientation: D. Hubel and
    T. Wiesel, J. Physiology 160, 1962; N. Dalal and B. Triggs (HOG), CVPR 2005.
    """
    half, floating = require_split(split, "gratings"), require_floating(dtype)
    count, size = require_count("count", count), require_count("size", size, at_least=8)
    orientations = require_between("orientations", orientations, 1, 6)
    hues = require_between("hues", hues, 1, len(HUES))
    generator = np.random.default_rng([seed, ("train", "test").index(half)])
    labels = generator.permutation(np.arange(count) % (orientations * hues))
    angles = 180 / orientations * (labels // hues)
    angles = angles + generator.uniform(-ANGLE_JITTER, ANGLE_JITTER, count)
    centres = np.array(list(HUES.values()))[labels % hues]
    colours = centres + generator.uniform(-HUE_JITTER, HUE_JITTER, count)
    values = 0.2 + 0.8 * _waves(angles, size, generator)
    images = values[..., None] * _full_colours(colours)[:, None, None, :]
    images += generator.normal(0, NOISE, images.shape)
    names = _names(orientations, hues)
    return LabelledImages(images.clip(0, 1).astype(floating), labels.astype(np.int64), names)


def _waves(angles: Floats, size: int, generator: np.random.Generator) -> Floats:
    """One wave per angle, from 0 to 1, of a random frequency and phase."""
    frequency = generator.uniform(*CYCLES, len(angles))[:, None, None]
    phase = generator.uniform(0, 2 * np.pi, len(angles))[:, None, None]
    radians = np.deg2rad(angles)[:, None, None]
    rows, columns = np.mgrid[:size, :size] / size
    along = columns * np.cos(radians) + rows * np.sin(radians)
    waves: Floats = 0.5 + 0.5 * np.cos(2 * np.pi * frequency * along + phase)
    return waves


def _full_colours(hues: Floats) -> Floats:
    """The colour of each hue at value 1, as rows of red, green and blue."""
    return np.array([colorsys.hsv_to_rgb(hue % 1, SATURATION, 1.0) for hue in hues])


def _names(orientations: int, hues: int) -> tuple[str, ...]:
    return tuple(
        f"{180 / orientations * i:g} degrees, {hue}"
        for i in range(orientations)
        for hue in list(HUES)[:hues]
    )
