"""Images to learn from, without a download: scikit-learn's bundled handwritten digits.

The split into training and test images is made here once, stratified by class and fixed
by a seed, so that everyone in a study group talks about the same test images. Each call
returns fresh arrays: what a learner does to theirs, nobody else sees.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
from jaxtyping import Float, Int

from course.arrays import describe
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["LabelledImages", "digits"]

TEST_FRACTION = 0.25


@dataclass(frozen=True, eq=False)
class LabelledImages:
    """Images and the class of each.

    Attributes:
        images: (N, height, width), grey values from 0 (paper) to 1 (ink).
        labels: (N,), int64, the index of each image's class.

    Example:
        >>> data = LabelledImages(np.zeros((5, 8, 8)), np.arange(5))
        >>> len(data), data.pixels.shape
        (5, (5, 64))
    """

    images: Float[np.ndarray, "N height width"]
    labels: Int[np.ndarray, " N"]

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def pixels(self) -> Float[np.ndarray, "N D"]:
        """The images as rows: (N, height * width), the X of a linear classifier."""
        return self.images.reshape(len(self), -1)


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
    if split not in ("train", "test"):
        hint = "digits('train') is for fitting, digits('test') for the final measurement."
        raise ArgumentValueError("split", describe(split), "'train' or 'test'", hint)
    if not np.issubdtype(np.dtype(dtype), np.floating):
        expected = "a floating dtype such as np.float32"
        hint = "Grey values lie between 0 and 1, which integers cannot hold."
        raise ArgumentTypeError("dtype", str(np.dtype(dtype)), expected, hint)
    images, labels = _source()
    chosen = _split(seed)[split]
    return LabelledImages((images[chosen] / 16).astype(dtype), labels[chosen])


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
