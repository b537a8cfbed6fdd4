"""Samples of a data set, every class by name: what there is to be learnt."""

import math

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from course.arrays import require_count
from course.data import LabelledImages
from course.errors import ArgumentValueError
from course.figures.style import GREY, canvas

__all__ = ["class_samples"]

LONG = 3  # a class name of more characters needs a line of its own


def class_samples(
    data: LabelledImages, *, per_class: int = 4, columns: int | None = None
) -> Figure:
    """The first images of every class, grouped under the name of the class.

    Grey images are drawn as ink on paper, colour images as they are.

    Args:
        data: at least one image; classes without an image are left out, and a class with
            fewer images than asked for leaves room.
        per_class: how many images of each class, side by side.
        columns: how many classes side by side; as many as fit on a page if left out.

    Raises:
        ArgumentTypeError: if a number is no integer.
        ArgumentValueError: if there is no image, or a number is below 1.

    Example:
        >>> from course.data import letters
        >>> figure = class_samples(letters("train", "target", count=60), per_class=3)
        >>> [axes.get_title() for axes in figure.axes[:3]]
        ['ẹ', 'ọ', 'ṣ']
    """
    if len(data) == 0:
        raise ArgumentValueError("data", "no image", "at least one", "Select fewer away.")
    require_count("per_class", per_class)
    classes = dict(zip(data.names, data.labels, strict=True))
    names = sorted(classes, key=lambda name: classes[name])
    across = require_count("columns", max(1, 16 // per_class) if columns is None else columns)
    across = min(across, len(names))
    rows = math.ceil(len(names) / across)
    with canvas(0.8 * per_class * across + 0.4, 1.25 * rows + 0.5, rows, across) as (figure, grid):
        for axes in grid.flat[len(names) :]:
            axes.remove()
        for axes, name in zip(grid.flat, names, strict=False):
            _draw_row(axes, data.subset(data.labels == classes[name]), per_class)
            axes.set_title(name, loc="center", fontsize=12 if len(name) > LONG else 15)
        figure.suptitle(f"{len(names)} classes, {len(data):,} images")
    return figure


def _draw_row(axes: Axes, members: LabelledImages, places: int) -> None:
    """Images side by side in one pair of axes, a tenth of their width apart."""
    for place, image in enumerate(members.images[:places]):
        extent = (1.1 * place, 1.1 * place + 1, 0, 1)
        axes.imshow(image, cmap="gray_r", vmin=0, vmax=1, extent=extent)
        # without a frame, nobody sees where on its canvas a digit lies
        axes.add_patch(Rectangle((1.1 * place, 0), 1, 1, fill=False, edgecolor=GREY, linewidth=0.8))
    axes.set(xlim=(-0.02, 1.1 * places - 0.08), ylim=(-0.02, 1.02), xticks=[], yticks=[])
    for spine in axes.spines.values():
        spine.set_visible(False)
