"""Data augmentation: one image, and many draws of it."""

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure

from course.arrays import describe, require_count
from course.errors import ArgumentValueError
from course.figures.style import BLUE, canvas

if TYPE_CHECKING:
    from course.augmentation import Augmentation

__all__ = ["augmentation_grid"]


def augmentation_grid(
    image: Any,
    augment: "Augmentation",
    *,
    rows: int = 3,
    columns: int = 6,
    seed: int = 0,
) -> Figure:
    """One image as it is, in a frame, and as an augmentation shows it.

    Look at it before you train: would you still give every one of these the same label?

    Args:
        image: a tensor, (C, H, W), grey (C = 1) or colour (C = 3), from 0 to 1.
        augment: draws the views.
        rows: of the grid.
        columns: of the grid.
        seed: of the draws.

    Raises:
        ArgumentValueError: if the image has another shape, or there is no room for a view.

    Example:
        >>> import torch
        >>> from course.augmentation import random_flip
        >>> len(augmentation_grid(torch.rand(3, 8, 8), random_flip(), rows=2, columns=3).axes)
        6
    """
    import torch  # slow to import; only those who need it wait

    if not isinstance(image, torch.Tensor) or image.ndim != 3 or image.shape[0] not in (1, 3):
        hint = "Take one of a batch: images[0]."
        got, expected = describe(image), "a tensor of shape (1, H, W) or (3, H, W)"
        raise ArgumentValueError("image", got, expected, hint)
    count = require_count("rows", rows) * require_count("columns", columns, at_least=2)
    generator = torch.Generator(image.device).manual_seed(require_count("seed", seed, at_least=0))
    views = augment(image.detach().expand(count - 1, -1, -1, -1), generator)
    with canvas(1.25 * columns + 0.4, 1.25 * rows + 0.7, rows, columns) as (figure, grid):
        for axes, view in zip(grid.flat, [image.detach(), *views], strict=True):
            picture = np.moveaxis(view.cpu().double().numpy(), 0, 2).clip(0, 1)
            axes.imshow(
                picture.squeeze(2) if len(view) == 1 else picture, cmap="gray_r", vmin=0, vmax=1
            )
            axes.set(xticks=[], yticks=[])
        for spine in grid[0, 0].spines.values():
            spine.set(visible=True, edgecolor=BLUE, linewidth=4)
        figure.suptitle(f"In the frame the image itself; {count - 1} draws of it")
    return figure
