"""The features of the library against scikit-image and plain loops over the images."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from skimage.color import rgb2hsv
from skimage.feature import hog as skimage_hog

from benchmarks.algorithms.row import Row, paired
from course.features import color_histogram, hog

__all__ = ["rows"]

IMAGES, SIDE = 1000, 32


def rows() -> Iterator[Row]:
    """HOG, and the hue histogram, of a thousand small images."""
    yield hog_against_scikit_image()
    yield color_histogram_against_a_loop()


def hog_against_scikit_image() -> Row:
    """With the same settings, which give the same numbers."""
    images = np.random.default_rng(0).random((IMAGES, SIDE, SIDE))

    def theirs() -> None:
        for image in images:
            skimage_hog(image, 9, (8, 8), (2, 2), block_norm="L2")

    what = f"hog / skimage.feature.hog, {IMAGES} images of {SIDE} x {SIDE}"
    return Row(what, paired(lambda: hog(images), theirs, 7), 1.0)


def color_histogram_against_a_loop() -> Row:
    """The other is what most people write: convert and count each image in turn."""
    images = np.random.default_rng(0).random((IMAGES, SIDE, SIDE, 3))

    def loop() -> None:
        for image in images:
            np.histogram(rgb2hsv(image)[..., 0], 12, (0, 1))

    what = f"color_histogram / loop of skimage and np.histogram, {IMAGES} of {SIDE} x {SIDE}"
    return Row(what, paired(lambda: color_histogram(images), loop, 7), 1.0)
