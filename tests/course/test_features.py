"""Hue, oriented gradients and patches: by hand, NumPy and scikit-image as oracles, properties."""

import colorsys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from skimage.feature import hog as skimage_hog

from course.errors import ArgumentTypeError, ArgumentValueError
from course.features import (
    color_histogram,
    extract_patches,
    hog,
    orientation_histograms,
    raw_pixels,
)

seeds = st.integers(0, 2**32 - 1)


def grey(seed=0, count=3, height=16, width=16):
    return np.random.default_rng(seed).random((count, height, width))


def colour(seed=0, count=3, height=16, width=16):
    return np.random.default_rng(seed).random((count, height, width, 3))


def whole(red_green_blue):
    return np.full((1, 4, 4, 3), red_green_blue, dtype=float)


# ------------------------------------------------------------------------------ hue histogram


@pytest.mark.parametrize(
    ("pixel", "place"),
    [
        ((1, 0, 0), 0),
        ((1, 1, 0), 1),
        ((0, 1, 0), 2),
        ((0, 1, 1), 3),
        ((0, 0, 1), 4),
        ((1, 0, 1), 5),
    ],
)
def test_the_six_pure_colours_have_a_bin_each(pixel, place):
    np.testing.assert_array_equal(color_histogram(whole(pixel), 6)[0], np.eye(6)[place])


@pytest.mark.parametrize("pixel", [0.0, 0.3, 1.0])
def test_grey_has_no_hue_and_falls_into_bin_0(pixel):
    np.testing.assert_array_equal(color_histogram(whole((pixel,) * 3), 5)[0], np.eye(5)[0])


def test_hue_1_is_the_red_of_hue_0():
    almost = np.array([[[[1.0, 0.0, 1e-300]]]])  # its hue rounds to 1
    np.testing.assert_array_equal(color_histogram(almost, 4)[0], np.eye(4)[0])
    just_below = np.array([[[[1.0, 0.0, 0.01]]]])
    np.testing.assert_array_equal(color_histogram(just_below, 4)[0], np.eye(4)[3])


@given(seeds, st.integers(1, 20))
def test_it_is_numpys_histogram_of_the_standard_librarys_hues(seed, bins):
    images = colour(seed, height=4, width=5)
    for image, ours in zip(images, color_histogram(images, bins), strict=True):
        hues = [colorsys.rgb_to_hsv(*pixel)[0] for pixel in image.reshape(-1, 3)]
        np.testing.assert_allclose(ours, np.histogram(hues, bins, (0, 1))[0] / 20)


@given(seeds, st.integers(1, 40))
def test_bins_sum_to_1_and_pixels_may_change_their_places(seed, bins):
    images = colour(seed)
    np.testing.assert_allclose(color_histogram(images, bins).sum(axis=1), 1)
    shuffled = np.random.default_rng(seed).permutation(images.reshape(3, -1, 3), axis=1)
    moved = color_histogram(shuffled.reshape(images.shape), bins)
    np.testing.assert_allclose(moved, color_histogram(images, bins))


# -------------------------------------------------------------------------------- gradients


def ramp(degrees, size=12):
    """Brightness that rises in one direction, 0 to the right and 90 downwards."""
    rows, columns = np.mgrid[:size, :size] / (4 * size)
    angle = np.radians(degrees)
    return (0.5 + columns * np.cos(angle) + rows * np.sin(angle))[None]


@pytest.mark.parametrize(
    ("degrees", "place"), [(10, 0), (30, 0), (50, 1), (80, 1), (100, 2), (130, 2), (170, 3)]
)
@pytest.mark.parametrize("turn", [0, 180])
def test_a_ramp_votes_for_its_direction_and_not_for_its_sign(degrees, turn, place):
    inner = orientation_histograms(ramp(degrees + turn), 4, cell=4)[0, 1, 1]
    slope = 2 / 48  # from the pixel before to the pixel after
    np.testing.assert_allclose(inner, slope * np.eye(4)[place], atol=1e-15)


def test_votes_are_weighted_by_magnitude():
    images = np.zeros((1, 3, 4))
    images[0, :, 2:] = 0.25  # in each row, the two pixels beside the edge see it
    np.testing.assert_allclose(orientation_histograms(images, 1, cell=3)[0, 0, 0], 6 * 0.25 / 9)
    steeper = orientation_histograms(3 * images, 1, cell=3)
    np.testing.assert_allclose(steeper, 3 * orientation_histograms(images, 1, cell=3))


@pytest.mark.parametrize("make", [grey, colour])
@pytest.mark.parametrize(("orientations", "cell", "block"), [(9, 8, 2), (8, 4, 1), (5, 3, 3)])
def test_it_is_scikit_images_hog(make, orientations, cell, block):
    images = make(height=29, width=37)
    axis = -1 if images.ndim == 4 else None
    settings = {"pixels_per_cell": (cell,) * 2, "cells_per_block": (block,) * 2}
    oracle = [
        skimage_hog(each, orientations, block_norm="L2", channel_axis=axis, **settings)
        for each in images
    ]
    ours = hog(images, orientations, cell=cell, block=block)
    np.testing.assert_allclose(ours, oracle, atol=1e-6)  # theirs adds up in single precision


@given(seeds, st.sampled_from([2, 4, 8]))
def test_a_quarter_turn_moves_the_bins_by_half(seed, orientations):
    images = grey(seed)
    before = orientation_histograms(images, orientations, cell=4)
    after = orientation_histograms(np.rot90(images, axes=(1, 2)), orientations, cell=4)
    turned = np.roll(np.rot90(before, axes=(1, 2)), orientations // 2, axis=3)
    np.testing.assert_allclose(after, turned, atol=1e-12)


@given(seeds)
def test_a_constant_changes_nothing_and_the_contrast_hardly(seed):
    images = 0.25 + 0.5 * grey(seed)
    np.testing.assert_allclose(hog(images + 0.125), hog(images), atol=1e-12)
    np.testing.assert_allclose(hog(images / 2), hog(images), atol=1e-6)


@given(seeds)
def test_blocks_have_length_1_and_flat_images_none(seed):
    blocks = hog(grey(seed), cell=4).reshape(3, 9, -1)
    np.testing.assert_allclose(np.linalg.norm(blocks, axis=2), 1, atol=1e-6)
    assert not hog(np.full((1, 16, 16), 0.7)).any()


def test_of_three_colours_the_one_that_changes_most_counts():
    images = np.stack([0 * ramp(0), ramp(10), 0.5 * ramp(100)], axis=-1)
    ours, alone = (orientation_histograms(x, 4, cell=4) for x in (images, ramp(10)))
    np.testing.assert_allclose(ours[0, 1, 1], alone[0, 1, 1])  # no border, where slopes are 0


# ---------------------------------------------------------------------------------- patches


@pytest.mark.parametrize("make", [grey, colour])
@pytest.mark.parametrize(("patch", "stride"), [(1, 1), (3, 2), (5, 4), (7, 7)])
def test_patches_are_slices_row_by_row(make, patch, stride):
    images = make(height=9, width=7)
    expected = [
        [
            image[top : top + patch, left : left + patch].ravel()
            for top in range(0, 9 - patch + 1, stride)
            for left in range(0, 7 - patch + 1, stride)
        ]
        for image in images
    ]
    np.testing.assert_array_equal(extract_patches(images, patch, stride), expected)


# ------------------------------------------------------------------- manners of all features

FEATURES = {
    "color_histogram": (color_histogram, colour),
    "hog": (hog, grey),
    "orientation_histograms": (orientation_histograms, grey),
    "extract_patches": (lambda images: extract_patches(images, 5), grey),
    "raw_pixels": (raw_pixels, colour),
}
features = pytest.mark.parametrize("name", FEATURES)


@features
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_are_kept_inputs_not_modified_and_images_alone_count(name, dtype):
    feature, make = FEATURES[name]
    images = make().astype(dtype)
    images.flags.writeable = False
    result = feature(images)
    assert result.dtype == dtype
    np.testing.assert_array_equal(feature(images[1:2]), result[1:2])


@features
@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("spoil", "kind", "message"),
    [
        (lambda x: x.tolist(), ArgumentTypeError, r"images: .*a list"),
        (lambda x: (255 * x).astype(np.uint8), ArgumentTypeError, r"images: .*uint8"),
        (lambda x: x[0, 0], ArgumentValueError, r"images: .*shape"),
        (lambda x: x[:0], ArgumentValueError, r"images: .*shape"),
        (lambda x: 255 * x, ArgumentValueError, r"images: .*0\.\.1"),
        (lambda x: x - 1, ArgumentValueError, r"images: .*0\.\.1"),
        (lambda x: np.where(x == x.max(), np.nan, x), ArgumentValueError, r"images: .*nan"),
    ],
)
def test_wrong_images_are_named(name, spoil, kind, message):
    feature, make = FEATURES[name]
    with pytest.raises(kind, match=message):
        feature(spoil(make()))


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: color_histogram(grey()), r"images: expected shape \(N, height, width, 3\), got"),
        (lambda: color_histogram(colour(), 0), r"bins: .*>= 1"),
        (lambda: hog(grey(), 0), r"orientations: .*>= 1"),
        (lambda: hog(grey(), cell=17), r"cell: .*17 for images of 16 x 16"),
        (lambda: hog(grey(), cell=8, block=3), r"block: .*2 x 2"),
        (lambda: hog(grey(), block=0), r"block: .*>= 1"),
        (lambda: extract_patches(grey(), 17), r"patch: .*17 for images of 16 x 16"),
        (lambda: extract_patches(grey(), 3, 0), r"stride: .*>= 1"),
    ],
)
def test_wrong_sizes_are_named(call, message):
    with pytest.raises(ArgumentValueError, match=message):
        call()
