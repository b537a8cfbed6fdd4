"""Handwritten digits: scikit-learn's bundled copy, as it is and moved on a larger canvas.

The split into training and test images is made here once, stratified by class and fixed
by a seed, so that everyone in a study group talks about the same test images. Each call
returns fresh arrays: what a learner does to theirs, nobody else sees.
"""

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from course.arrays import require_count
from course.data.arguments import Split, require_between, require_floating, require_split
from course.data.labelled import LabelledImages

__all__ = ["digits", "shifted_digits"]

TEST_FRACTION = 0.25
SIDE = 8
NAMES = tuple("0123456789")


def digits(
    split: str = "train", *, seed: int = 0, dtype: npt.DTypeLike = np.float64
) -> LabelledImages:
    """Handwritten digits, 8 x 8 pixels, from scikit-learn's bundled copy.

    Of 1797 images, 1347 are for training and 450 for testing, with every digit in the
    same proportion in both. The grey values 0..16 of the source become 0..1.

    Args:
        split: "train" or "test".
        seed: draws the split; two seeds give two splits. Use one seed for both halves.
        dtype: the floating dtype of the images.

    Raises:
        ArgumentTypeError: if `dtype` is no floating dtype.
        ArgumentValueError: if `split` is neither "train" nor "test".

    Example:
        >>> train, test = digits("train"), digits("test")
        >>> train.images.shape, train.pixels.shape, len(test)
        ((1347, 8, 8), (1347, 64), 450)
        >>> train.labels[:5]
        array([7, 3, 6, 6, 7])

    Source: E. Alpaydin and C. Kaynak, "Optical recognition of handwritten digits", UCI
    machine learning repository, 1998; `sklearn.datasets.load_digits`.
    """
    half, floating = require_split(split, "digits"), require_floating(dtype)
    images, labels = _source()
    chosen = _split(seed)[half]
    return LabelledImages((images[chosen] / 16).astype(floating), labels[chosen], NAMES)


def shifted_digits(
    split: str = "train",
    canvas: int = 16,
    *,
    largest_shift: int | None = None,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float64,
) -> LabelledImages:
    r"""Handwritten digits at random positions on a larger canvas that wraps around.

    .. math:: \text{image}_i[r, c] = \text{centred}_i[(r - d_i) \bmod H,\; (c - e_i) \bmod H]

    with ``H`` = `canvas`, the digit itself in the middle of ``centred``, and the shifts ``d``
    (down) and ``e`` (right) drawn evenly, for each image its own. The canvas is circular, a
    torus: what leaves on one side comes back on the other, so that shifting loses nothing and
    commutes exactly with circular convolution. (A canvas that ends, as in a photograph,
    tells a network with zero padding where its border is.)

    Args:
        split: "train" or "test"; the digits are those of `digits` with the same seed.
        canvas: height and width in pixels, at least 8.
        largest_shift: shifts are drawn from -largest_shift..largest_shift, both ways; at most
            (canvas - 1) // 2, so that no position counts twice. 0 keeps the digits in the
            middle; None stands for the largest that keeps every digit whole, (canvas - 8) // 2.
        seed: draws the split and the positions.
        dtype: the floating dtype of the images.

    Raises:
        ArgumentTypeError: if `dtype` is no floating dtype, or a number no integer.
        ArgumentValueError: if `split`, `canvas` or `largest_shift` cannot be right.

    Example:
        >>> data = shifted_digits("test")
        >>> data.images.shape
        (450, 16, 16)
        >>> bool(np.isclose(data.images.sum(), digits("test").images.sum()))  # no ink is lost
        True

    Source: the digits as in `digits`; circular shifts, so that the border plays no part, as in
    R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019.
    """
    half = require_split(split, "shifted_digits")
    size = require_count("canvas", canvas, at_least=SIDE)
    still = digits(split, seed=seed, dtype=dtype)
    centred = np.zeros((len(still), size, size), dtype=still.images.dtype)
    edge = (size - SIDE) // 2
    centred[:, edge : edge + SIDE, edge : edge + SIDE] = still.images
    down, right = _shifts(half, len(still), size, largest_shift, seed)
    return LabelledImages(_roll(centred, down, right), still.labels, NAMES)


def _shifts(
    split: Split, count: int, size: int, largest: int | None, seed: int
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    whole = (size - SIDE) // 2
    most = whole if largest is None else largest
    most = require_between("largest_shift", most, 0, (size - 1) // 2)
    generator = np.random.default_rng([seed, ("train", "test").index(split)])
    down, right = generator.integers(-most, most, size=(2, count), endpoint=True)
    return down, right


def _roll(
    images: npt.NDArray[Any], down: npt.NDArray[np.int64], right: npt.NDArray[np.int64]
) -> npt.NDArray[Any]:
    """Each image moved by its own shift: `np.roll`, but image by image."""
    count, height, width = images.shape
    rows = (np.arange(height) - down[:, None]) % height
    columns = (np.arange(width) - right[:, None]) % width
    moved: npt.NDArray[Any] = images[
        np.arange(count)[:, None, None], rows[:, :, None], columns[:, None, :]
    ]
    return moved


@cache
def _source() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    from sklearn.datasets import load_digits  # slow to import; only those who need it wait

    bunch: Any = load_digits()
    return bunch.images, bunch.target.astype(np.int64)


@cache
def _split(seed: int) -> dict[str, npt.NDArray[np.int64]]:
    from sklearn.model_selection import train_test_split

    _, labels = _source()
    # numpy.random.RandomState, which this uses, promises the same draws for ever
    train, test = train_test_split(
        np.arange(len(labels)), test_size=TEST_FRACTION, random_state=seed, stratify=labels
    )
    return {"train": train, "test": test}
