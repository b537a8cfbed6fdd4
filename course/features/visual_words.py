"""A bag of visual words: which small parts an image is made of, and not where they are.

It guarantees that the codebook comes from the images given to `fit` alone, and that each
histogram sums to 1.

The options chosen: patches are compared after their mean is taken off and their contrast is
scaled to 1, so a word is a shape. A *flat* patch has no shape: its contrast is noise that must
not be blown up, so it stays near zero, and is counted like any other patch. The codebook is
k-means by scikit-learn, in mini-batches, on 20 000 patches drawn at random if there are
more. If there are fewer different
patches than words, some words are never used and their counts stay 0.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.cluster import MiniBatchKMeans
from sklearn.utils.validation import check_is_fitted

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.features.patches import extract_patches

__all__ = ["BagOfVisualWords"]

SAMPLE = 20_000
FLAT = 0.01  # standard deviation, of pixels in 0..1: about two of 255 grey levels


class BagOfVisualWords(TransformerMixin, BaseEstimator):  # type: ignore[misc]  # untyped bases
    """Images as histograms of the words that their patches are nearest to.

    A scikit-learn transformer, except that it takes images of (N, height, width) or with 3
    colours last, not rows.

    Args:
        words: size of the codebook, at least 1.
        patch: side of a patch in pixels.
        stride: pixels from one patch to the next.
        seed: of k-means.

    Attributes:
        codebook_: (words, D), the mean patch of each word.
        kmeans_: the fitted scikit-learn model.

    Example:
        >>> from course.data import digits
        >>> images = digits("train").images[:50]
        >>> bag = BagOfVisualWords(words=8, patch=3, stride=1).fit(images)
        >>> histograms = bag.transform(images)
        >>> histograms.shape, bool(np.allclose(histograms.sum(axis=1), 1))
        ((50, 8), True)

    Source: CS231n, lecture 3, "Image features: bag of words"; Csurka et al., "Visual
    categorization with bags of keypoints", 2004.
    """

    codebook_: Float[np.ndarray, "words D"]
    kmeans_: Any

    def __init__(self, words: int = 64, patch: int = 5, stride: int = 1, seed: int = 0) -> None:
        self.words = words
        self.patch = patch
        self.stride = stride
        self.seed = seed

    def fit(self, X: Float[np.ndarray, "N H W ..."], y: object = None) -> "BagOfVisualWords":
        """Learn the codebook from training images.

        Args:
            X: (N, height, width), or with 3 colours last; 0..1.
            y: not used; there because scikit-learn passes it.

        Raises:
            ArgumentTypeError: as `extract_patches`, or a parameter that is no whole number.
            ArgumentValueError: as `extract_patches`, or fewer patches than words.

        Example:
            >>> images = np.random.default_rng(0).random((4, 6, 6))
            >>> BagOfVisualWords(words=3, patch=2).fit(images).codebook_.shape
            (3, 4)
        """
        count, seed = (
            require_count("words", self.words),
            require_count("seed", self.seed, at_least=0),
        )
        patches = self._normalised_patches(X)
        patches = patches.reshape(-1, patches.shape[2])
        if len(patches) < count:
            expected = f"at most {len(patches)}, the patches in these images"
            raise ArgumentValueError("words", str(count), expected, "Pass more images.")
        self.kmeans_ = MiniBatchKMeans(count, n_init=1, batch_size=2048, random_state=seed)
        self.kmeans_.fit(_draw(patches, seed))
        self.codebook_ = self.kmeans_.cluster_centers_
        return self

    def transform(self, X: Float[np.ndarray, "N H W ..."]) -> Float[np.ndarray, "N words"]:
        """The share of each word among the patches of each image.

        Args:
            X: images of the kind that `fit` saw; their size may differ.

        Returns:
            (N, words), in the dtype of X; each row sums to 1.

        Raises:
            sklearn.exceptions.NotFittedError: before `fit`.
            ArgumentTypeError: as `extract_patches`.
            ArgumentValueError: as `extract_patches`, or grey images after colour ones.

        Example:
            >>> images = np.random.default_rng(0).random((4, 6, 6))
            >>> BagOfVisualWords(words=3, patch=2).fit(images).transform(images[:1]).shape
            (1, 3)
        """
        check_is_fitted(self)
        patches = self._normalised_patches(X)
        if patches.shape[2] != self.codebook_.shape[1]:
            got = f"patches of {patches.shape[2]} numbers"
            expected = f"patches of {self.codebook_.shape[1]}, as fit saw them"
            raise ArgumentValueError("X", got, expected, "Grey or colour must be the same.")
        words = self.kmeans_.predict(
            patches.reshape(-1, patches.shape[2]).astype(self.codebook_.dtype)
        )
        size = len(self.codebook_)
        places = words.reshape(len(X), -1) + size * np.arange(len(X))[:, None]
        counts = np.bincount(places.ravel(), minlength=size * len(X)).reshape(-1, size)
        shares: np.ndarray = counts / patches.shape[1]
        return shares.astype(X.dtype)

    def _normalised_patches(self, images: Any) -> Float[np.ndarray, "N P D"]:
        patches = extract_patches(images, self.patch, self.stride)
        patches -= patches.mean(axis=2, keepdims=True)
        contrast = patches.std(axis=2, keepdims=True)
        patches /= np.where(contrast < FLAT, 1, contrast)
        return patches


def _draw(patches: Any, seed: int) -> Any:
    if len(patches) <= SAMPLE:
        return patches
    return patches[np.random.default_rng(seed).choice(len(patches), SAMPLE, replace=False)]
