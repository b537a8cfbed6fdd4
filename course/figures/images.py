"""Images: samples of a data set, and the weights of a linear classifier as templates."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.data import LabelledImages
from course.errors import ArgumentValueError
from course.figures.style import as_numbers, canvas

__all__ = ["digit_samples", "digit_templates"]


def digit_samples(data: LabelledImages, *, rows: int = 3, columns: int = 10) -> Figure:
    """The first images of a data set in a grid, each under its label.

    Args:
        data: at least one image; as many are shown as there are, or as there is room for.
        rows: how many rows of images there is room for.
        columns: how many images fit into a row.

    Raises:
        ArgumentValueError: if there is no image, or rows or columns is below 1.

    Example:
        >>> from course.data import digits
        >>> len(digit_samples(digits("train"), rows=2, columns=5).axes)
        10
    """
    if len(data) == 0:
        raise ArgumentValueError("data", "no image", "at least one", "Select fewer away.")
    if rows < 1 or columns < 1:
        got, hint = f"{rows} x {columns}", "Leave them out for 3 rows of 10."
        raise ArgumentValueError("rows, columns", got, "at least 1 each", hint)
    shown = min(len(data), rows * columns)
    columns = min(columns, shown)
    rows = math.ceil(shown / columns)
    with canvas(0.95 * columns + 0.4, 1.2 * rows + 0.5, rows, columns) as (figure, grid):
        for axes in grid.flat[shown:]:
            axes.remove()
        for axes, image, label in zip(grid.flat, data.images, data.labels, strict=False):
            axes.imshow(image, cmap="gray_r", vmin=0, vmax=1)
            _as_tile(axes, str(label))
        figure.suptitle(f"{shown} of {len(data)} images and their labels")
    return figure


def digit_templates(
    classifier: Any,
    *,
    image_shape: tuple[int, int] = (8, 8),
    classes: Sequence[Any] | None = None,
) -> Figure:
    """The weights of each class as an image, coloured symmetrically about 0.

    Red pixels speak for the class when there is ink, blue pixels against it, white ones
    do not matter. All templates share one scale.

    Args:
        classifier: a fitted `LinearClassifier`, or its weights of shape (D, C).
        image_shape: (height, width), with height * width = D.
        classes: what to call the C classes; a classifier knows its own.

    Raises:
        ArgumentTypeError: if the weights are no numbers.
        ArgumentValueError: if `image_shape` or `classes` do not fit the weights.

    Example:
        >>> figure = digit_templates(np.eye(64)[:, :10])
        >>> [axes.get_title() for axes in figure.axes[:3]]
        ['0', '1', '2']
    """
    weights = as_numbers("weights", getattr(classifier, "weights_", classifier), 2)
    names = getattr(classifier, "classes_", range(weights.shape[1])) if classes is None else classes
    _check_fit(weights.shape, image_shape, len(names))
    limit = float(np.abs(weights).max()) or 1.0
    columns = min(5, weights.shape[1])
    rows = math.ceil(weights.shape[1] / columns)
    with canvas(1.85 * columns + 1.2, 2.1 * rows + 0.6, rows, columns) as (figure, grid):
        for axes in grid.flat[weights.shape[1] :]:
            axes.remove()
        for axes, template, name in zip(grid.flat, weights.T, names, strict=False):
            picture = axes.imshow(
                template.reshape(image_shape), cmap="RdBu_r", vmin=-limit, vmax=limit
            )
            _as_tile(axes, str(name))
        bar = figure.colorbar(picture, ax=grid, shrink=0.85, aspect=28, pad=0.02)
        bar.outline.set_visible(False)
        bar.set_label("ink here: against  ←  0  →  for the class")
        figure.suptitle("What each class looks for: one template of weights per class")
    return figure


def _check_fit(shape: tuple[int, ...], image_shape: tuple[int, int], names: int) -> None:
    features, classes = shape
    if math.prod(image_shape) != features:
        expected = f"height * width = {features}, the rows of the weights"
        hint = "Weights have shape (D, C): leave the bias out, and transpose (C, D)."
        raise ArgumentValueError("image_shape", str(image_shape), expected, hint)
    if names != classes:
        hint = "Name the classes in the order of the columns."
        raise ArgumentValueError("classes", f"{names} names", f"{classes} names", hint)


def _as_tile(axes: Axes, title: str) -> None:
    axes.set_title(title, loc="center", fontsize=13)
    axes.set(xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
