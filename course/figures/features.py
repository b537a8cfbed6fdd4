"""Features: what HOG and a codebook see, and how well a classifier does with each."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from course.arrays import Number
from course.errors import ArgumentTypeError, ArgumentValueError
from course.features import BagOfVisualWords, orientation_histograms
from course.figures.style import BLUE, GREY, INK, as_numbers, canvas

__all__ = ["feature_accuracies", "hog_glyphs", "visual_words"]


def feature_accuracies(
    accuracies: Mapping[str, Number | Sequence[Number]], *, chance: Number | None = None
) -> Figure:
    """The accuracy that a classifier reaches with each feature, as bars.

    Args:
        accuracies: by the name of the feature, one accuracy in 0..1, or one per seed; then
            the bar is their mean and each is a dot.
        chance: the accuracy of guessing, as a line to compare with.

    Raises:
        ArgumentTypeError: if an accuracy is no number.
        ArgumentValueError: if there are none, or one is outside of 0..1.

    Example:
        >>> figure = feature_accuracies({"hue": 0.49, "HOG": 0.5, "both": 1.0}, chance=0.25)
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['hue', 'HOG', 'both']
    """
    if not accuracies:
        raise ArgumentValueError("accuracies", "none", "at least one", "Name each feature.")
    values = {name: _shares(name, each) for name, each in accuracies.items()}
    line = None if chance is None else float(_shares("chance", chance)[0])
    with canvas(9, 1.6 + 0.62 * len(values)) as (figure, grid):
        axes = grid[0, 0]
        for place, each in enumerate(values.values()):
            _draw_accuracy(axes, place, each)
        if line is not None:
            axes.axvline(line, color=INK, linewidth=1.4, linestyle="--")
            # above the bars, where nothing else is written
            axes.text(line, -0.62, f" guessing: {line:.3g}", va="center", fontsize=11)
        axes.set_yticks(range(len(values)), list(values))
        axes.set(xlim=(0, 1.12), ylim=(len(values) - 0.5, -0.9))
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel("accuracy on images that were not trained on")
        axes.set_title("What a feature keeps decides what a classifier can learn")
    return figure


def _shares(name: str, value: Any) -> Any:
    numbers = as_numbers(name, np.atleast_1d(value), 1)
    if numbers.min() < 0 or numbers.max() > 1:
        got, hint = f"{numbers.min():g}..{numbers.max():g}", "Use shares, not percentages."
        raise ArgumentValueError(name, got, "accuracies in 0..1", hint)
    return numbers


def _draw_accuracy(axes: Axes, place: int, values: Any) -> None:
    mean = float(values.mean())
    axes.barh(place, mean, height=0.62, color=BLUE)
    if len(values) > 1:
        axes.plot(values, np.full(len(values), place), "o", color=INK, markersize=4)
    end = max(mean, float(values.max()))
    axes.text(end + 0.015, place, f"{mean:.3f}", va="center", weight="bold")


def visual_words(bag: BagOfVisualWords, *, columns: int = 12) -> Figure:
    """The codebook of a bag of visual words: the mean patch of each word, as an image.

    Each word has a scale of its own, as the patches had: dark and bright are below and above
    its mean. An even grey tile is the word of the flat patches.

    Args:
        bag: fitted.
        columns: how many words fit into a row.

    Raises:
        ArgumentTypeError: if it is no fitted bag of visual words.
        ArgumentValueError: if columns is below 1.

    Example:
        >>> images = np.random.default_rng(0).random((4, 6, 6))
        >>> len(visual_words(BagOfVisualWords(words=5, patch=3).fit(images)).axes)
        5
    """
    codebook = getattr(bag, "codebook_", None)
    if codebook is None:
        hint = "Call fit(images) on it first."
        expected = "a fitted BagOfVisualWords"
        raise ArgumentTypeError("bag", f"a {type(bag).__name__}", expected, hint)
    if columns < 1:
        raise ArgumentValueError("columns", repr(columns), "at least 1", "Leave it out for 12.")
    columns = min(columns, len(codebook))
    rows = math.ceil(len(codebook) / columns)
    width, height = max(0.78 * columns + 0.3, 6.5), 0.78 * rows + 0.7
    with canvas(width, height, rows, columns) as (figure, grid):
        for axes in grid.flat[len(codebook) :]:
            axes.remove()
        for axes, word in zip(grid.flat, codebook, strict=False):
            _draw_tile(axes, _as_picture(word, bag.patch))
        figure.suptitle(f"The {len(codebook)} visual words: what the parts of images look like")
    return figure


def _as_picture(word: Any, side: int) -> Any:
    """Values about 0 as brightness about 1/2, the strongest at full contrast."""
    limit = max(float(np.abs(word).max()), 0.5)  # a flat word is not blown up
    return (0.5 + 0.5 * word / limit).reshape(side, side, -1).squeeze()


def _draw_tile(axes: Axes, picture: Any, title: str = "") -> None:
    axes.imshow(picture, cmap="gray", vmin=0, vmax=1)
    axes.set(xticks=[], yticks=[])
    axes.set_title(title, loc="center", fontsize=12)
    for spine in axes.spines.values():
        spine.set(visible=True, color=GREY, linewidth=0.8)


def hog_glyphs(images: Any, *, orientations: int = 9, cell: int = 4) -> Figure:
    """Images, and below each what HOG keeps of it: in each cell, lines along the edges.

    A line is as long as its bin is full, compared with the fullest of the image. It lies
    *across* the direction in which the brightness changes, so it looks like the edge.

    Args:
        images: (N, height, width) in 0..1, or with 3 colours last; at most 8.
        orientations: bins of 0..180 degrees.
        cell: side of a cell in pixels.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `orientation_histograms`, or more than 8
            images.

    Example:
        >>> from course.data import digits
        >>> len(hog_glyphs(digits("test").images[:3], cell=2).axes)
        6
    """
    histograms = orientation_histograms(images, orientations, cell=cell)
    count = len(histograms)
    if count > 8:
        raise ArgumentValueError("images", f"{count} images", "at most 8", "Slice: images[:8].")
    with canvas(max(2.3 * count + 0.4, 7.5), 5.4, 2, count) as (figure, grid):
        for picture, glyphs, image, cells in zip(grid[0], grid[1], images, histograms, strict=True):
            _draw_tile(picture, image, "image")
            _draw_glyphs(glyphs, cells, cell, image.shape[:2])
        figure.suptitle("HOG keeps the directions of edges in each cell, and drops the rest")
    return figure


def _draw_glyphs(axes: Axes, cells: Any, size: int, shape: tuple[int, int]) -> None:
    _draw_tile(axes, np.zeros(shape), f"HOG, {cells.shape[0]} x {cells.shape[1]} cells")
    rows, columns, orientations = cells.shape
    strengths = cells / (cells.max() or 1)
    angles = np.pi * (np.arange(orientations) + 0.5) / orientations + np.pi / 2
    direction = np.stack([np.cos(angles), np.sin(angles)], axis=-1)
    half = 0.5 * size * strengths[..., None] * direction
    down, right = np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij")
    centres = (np.stack([right, down], axis=-1) + 0.5)[:, :, None] * size - 0.5
    lines = np.stack([centres - half, centres + half], axis=-2).reshape(-1, 2, 2)
    axes.add_collection(LineCollection(list(lines), colors="white", linewidths=1.4))
    for edge in range(1, columns):
        axes.axvline(edge * size - 0.5, color=GREY, linewidth=0.5)
    for edge in range(1, rows):
        axes.axhline(edge * size - 0.5, color=GREY, linewidth=0.5)
