"""The figures on features and regularization: what they say is drawn from the numbers."""

import numpy as np
import pytest
from matplotlib.collections import LineCollection

from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError
from course.features import BagOfVisualWords
from course.figures import (
    dropout_masks,
    feature_accuracies,
    hog_glyphs,
    train_validation_gap,
    visual_words,
)

STEEP = np.repeat(np.array([[0.0] * 4 + [1.0] * 4]), 8, axis=0)[None]  # one vertical edge


def lines_of(axes):
    (found,) = [each for each in axes.collections if isinstance(each, LineCollection)]
    return np.array(found.get_segments())


def test_bars_are_means_dots_are_seeds_and_guessing_is_a_line():
    axes = feature_accuracies({"hue": 0.5, "both": [0.8, 1.0]}, chance=0.25).axes[0]
    assert [bar.get_width() for bar in axes.patches] == [0.5, 0.9]
    assert [text.get_text().strip() for text in axes.texts] == ["0.500", "0.900", "guessing: 0.25"]
    dots, line = axes.lines
    assert list(dots.get_xdata()) == [0.8, 1.0]
    assert list(line.get_xdata()) == [0.25, 0.25]


@pytest.mark.parametrize(("images", "extent"), [(STEEP, [0, 8]), (STEEP.swapaxes(1, 2), [8, 0])])
def test_the_line_of_an_edge_lies_along_it(images, extent):
    lines = np.ptp(lines_of(hog_glyphs(images, orientations=90, cell=8).axes[1]), axis=1)
    longest = lines[np.linalg.norm(lines, axis=1).argmax()]
    np.testing.assert_allclose(longest, extent, atol=0.2)  # drawn at the middle of a 2 degree bin


def test_a_flat_image_has_no_lines_to_see():
    assert np.ptp(lines_of(hog_glyphs(np.full((1, 8, 8), 0.5), cell=4).axes[1]), axis=1).max() == 0


def test_each_word_is_a_tile_about_grey_and_a_flat_word_stays_grey():
    images = np.concatenate([np.random.default_rng(0).random((4, 6, 6)), np.full((9, 6, 6), 0.5)])
    bag = BagOfVisualWords(words=5, patch=3).fit(images)
    tiles = [np.asarray(axes.images[0].get_array()) for axes in visual_words(bag).axes]
    assert [tile.shape for tile in tiles] == [(3, 3)] * 5
    flat = np.abs(bag.codebook_).max(axis=1).argmin()
    np.testing.assert_allclose(tiles[flat], 0.5, atol=0.1)  # some noise is nearest to it too
    word = 0.5 + 0.5 * bag.codebook_[0].reshape(3, 3) / max(np.abs(bag.codebook_[0]).max(), 0.5)
    np.testing.assert_allclose(tiles[0], word)


def test_the_words_of_colour_images_have_colours():
    images = np.random.default_rng(0).random((4, 6, 6, 3))
    figure = visual_words(BagOfVisualWords(words=3, patch=3).fit(images))
    assert figure.axes[0].images[0].get_array().shape == (3, 3, 3)


def test_the_gap_is_drawn_in_the_order_of_the_strengths_and_its_best_is_named():
    axes = train_validation_gap([1.0, 0.01, 0.1], [0.5, 1.0, 0.9], [0.4, 0.7, 0.8]).axes[0]
    train, validation = axes.lines[:2]
    assert list(train.get_xdata()) == [0.01, 0.1, 1.0]
    assert list(train.get_ydata()) == [1.0, 0.9, 0.5]
    assert list(validation.get_ydata()) == [0.7, 0.8, 0.4]
    assert axes.texts[0].get_text() == "best: 0.800\nat $\\lambda$ = 0.1"


def test_seeds_are_dots_about_their_mean():
    seeds = np.array([[0.8, 1.0], [0.6, 0.8]])
    axes = train_validation_gap([0.1, 1.0], seeds, seeds - 0.1).axes[0]
    assert list(axes.lines[0].get_ydata()) == pytest.approx([0.9, 0.7])
    assert sorted(axes.lines[1].get_ydata()) == [0.6, 0.8, 0.8, 1.0]


def test_draws_are_0_or_scaled_up_and_their_mean_is_the_image():
    image = np.full((4, 4), 0.5)
    tiles = [axes.images[0].get_array() for axes in dropout_masks(image, 0.75, count=2).axes]
    np.testing.assert_array_equal(tiles[0], image)
    assert set(np.unique(tiles[1])) | set(np.unique(tiles[2])) == {0, 2}
    assert not np.array_equal(tiles[1], tiles[2])
    np.testing.assert_allclose(tiles[3], image, atol=0.2)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("draw", "kind", "message"),
    [
        (lambda: feature_accuracies({}), ArgumentValueError, "accuracies: .*at least one"),
        (lambda: feature_accuracies({"hue": 49}), ArgumentValueError, r"hue: .*0\.\.1, got 49"),
        (lambda: hog_glyphs(np.zeros((9, 8, 8))), ArgumentValueError, "images: .*at most 8"),
        (lambda: visual_words(BagOfVisualWords()), ArgumentTypeError, "bag: .*a fitted"),
        (lambda: train_validation_gap([0, 1], [1, 1], [1, 1]), ArgumentError, "strengths: .*> 0"),
        (lambda: train_validation_gap([1, 2], [1], [1, 1]), ArgumentValueError, "train: .*2 rows"),
        (lambda: dropout_masks(np.eye(3), 1), ArgumentValueError, "p: expected below 1"),
        (lambda: dropout_masks(np.eye(3), -1), ArgumentError, "p: "),
        (lambda: dropout_masks(np.eye(3), count=0), ArgumentValueError, "count: .*>= 1"),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, kind, message):
    with pytest.raises(kind, match=message):
        draw()
