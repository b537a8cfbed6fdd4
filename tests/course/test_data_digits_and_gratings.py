"""Shifted digits and gratings: where they lie, what they are made of, what a line can tell."""

import colorsys
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.svm import LinearSVC

from course.data import digits, gratings, shifted_digits
from course.data.handwritten import _roll, _shifts
from course.errors import ArgumentTypeError, ArgumentValueError


def linear_accuracy(features, train, test):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it need not converge to be measured
        svm = LinearSVC(max_iter=300, random_state=0).fit(features(train), train.labels)
    return svm.score(features(test), test.labels)


def pixels(data):
    return data.pixels


def test_without_a_shift_the_digits_lie_in_the_middle():
    data, still = shifted_digits("test", largest_shift=0), digits("test")
    np.testing.assert_array_equal(data.images[:, 4:12, 4:12], still.images)
    assert data.images.sum() == pytest.approx(still.images.sum())
    np.testing.assert_array_equal(data.labels, still.labels)


@given(down=st.integers(-20, 20), right=st.integers(-20, 20))
def test_each_image_is_rolled_by_its_own_shift(down, right):
    images = np.random.default_rng(0).uniform(size=(2, 5, 7))
    moved = _roll(images, np.array([down, 0]), np.array([right, 1]))
    np.testing.assert_array_equal(moved[0], np.roll(images[0], (down, right), axis=(0, 1)))
    np.testing.assert_array_equal(moved[1], np.roll(images[1], 1, axis=1))


def test_a_digit_is_somewhere_on_the_canvas_unchanged():
    data, still = shifted_digits("test", 12, largest_shift=5), digits("test")
    centred = np.zeros((12, 12))
    centred[2:10, 2:10] = still.images[3]
    places = [np.roll(centred, (d, e), (0, 1)) for d in range(-5, 6) for e in range(-5, 6)]
    assert sum(np.array_equal(place, data.images[3]) for place in places) == 1


def test_every_shift_is_drawn_about_equally_often():
    for shifts in _shifts("train", 20_000, 16, 7, 0):
        counts = np.bincount(shifts + 7)
        np.testing.assert_allclose(counts, 20_000 / 15, rtol=0.1)


def test_by_default_no_digit_wraps_and_shifts_reach_the_border():
    images = shifted_digits("train").images
    rows = [np.flatnonzero(image.any(axis=1)) for image in images]
    assert max(row[-1] - row[0] for row in rows) <= 7
    assert (min(row[0] for row in rows), max(row[-1] for row in rows)) == (0, 15)


def test_a_linear_classifier_knows_digits_in_the_middle_and_not_at_random_positions():
    still = [shifted_digits(split, largest_shift=0) for split in ("train", "test")]
    moved = [shifted_digits(split) for split in ("train", "test")]
    assert linear_accuracy(pixels, *still) > 0.93
    assert 0.1 < linear_accuracy(pixels, *moved) < 0.25


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"canvas": 7}, "canvas: expected a whole number >= 8, got 7"),
        ({"largest_shift": 8}, r"largest_shift: expected a whole number in 0..7, got 8"),
        ({"largest_shift": -1}, "largest_shift: expected a whole number >= 0, got -1"),
    ],
)
def test_a_canvas_or_shift_that_cannot_be_is_named(arguments, message):
    with pytest.raises(ArgumentValueError, match=message):
        shifted_digits("train", **arguments)


def test_gratings_have_balanced_classes_named_by_orientation_and_hue():
    data = gratings(count=602, orientations=3, hues=2)
    assert data.class_names == (
        "0 degrees, red",
        "0 degrees, blue",
        "60 degrees, red",
        "60 degrees, blue",
        "120 degrees, red",
        "120 degrees, blue",
    )
    assert sorted(np.bincount(data.labels)) == [100] * 4 + [101] * 2
    assert data.images.shape == (602, 16, 16, 3)


def test_the_hue_of_each_grating_is_that_of_its_class():
    data = gratings(count=60, orientations=1, hues=6)
    expected = {"red": 0, "yellow": 60, "green": 120, "cyan": 180, "blue": 240, "magenta": 300}
    for image, name in zip(data.images, data.names, strict=True):
        hue = 360 * colorsys.rgb_to_hsv(*image.mean(axis=(0, 1)))[0]
        off = (hue - expected[name.removeprefix("0 degrees, ")] + 180) % 360 - 180
        assert abs(off) < 12


def test_the_orientation_of_each_grating_is_that_of_its_class():
    # by the strongest frequency, padded to read angles finely: rows are y, downwards
    data = gratings(count=40, size=32, orientations=4, hues=1)
    grey = data.images.mean(axis=3)
    spectrum = abs(np.fft.fft2(grey - grey.mean(axis=(1, 2), keepdims=True), s=(256, 256)))
    for one, label in zip(spectrum, data.labels, strict=True):
        row, column = np.unravel_index(one.argmax(), one.shape)
        y, x = ((k + 128) % 256 - 128 for k in (row, column))
        off = (np.degrees(np.arctan2(y, x)) - 45 * label + 90) % 180 - 90
        assert abs(off) < 7


def test_pixels_of_gratings_tell_the_hue_and_not_the_orientation():
    train, test = gratings("train"), gratings("test")
    assert 0.35 < linear_accuracy(pixels, train, test) < 0.65

    def mean_colour(data):
        return data.images.mean(axis=(1, 2))

    def spectrum(data):
        return abs(np.fft.rfft2(data.images.mean(axis=3))).reshape(len(data), -1)

    def both(data):
        return np.hstack([mean_colour(data), spectrum(data) / 10])

    assert linear_accuracy(mean_colour, train, test) < 0.65
    assert linear_accuracy(spectrum, train, test) < 0.65
    assert linear_accuracy(both, train, test) > 0.95


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"count": 0}, ArgumentValueError, "count: "),
        ({"size": 7}, ArgumentValueError, "size: expected a whole number >= 8"),
        ({"hues": 7}, ArgumentValueError, r"hues: expected a whole number in 1..6, got 7"),
        ({"orientations": 0}, ArgumentValueError, "orientations: "),
        ({"dtype": int}, ArgumentTypeError, "dtype: "),
    ],
)
def test_gratings_that_cannot_be_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        gratings("train", **arguments)
