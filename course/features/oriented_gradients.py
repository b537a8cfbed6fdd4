"""Histograms of oriented gradients (HOG): which way the brightness changes, cell by cell.

The options chosen, which are those of scikit-image's `hog` with its L2 norm: central
differences without smoothing, 0 across the border; of three colours, at each pixel, the one
that changes most; angles without a sign, from 0 to 180 degrees, each voting for one bin (Dalal
and Triggs share a vote between neighbouring bins and cells); blocks that overlap, one cell
apart. Rows and columns that do not fill a cell are left out, at the bottom and at the right.
"""

from typing import Any

import numpy as np
from jaxtyping import Float

from course.arrays import require_count
from course.errors import ArgumentValueError
from course.features.arguments import require_images

__all__ = ["hog", "orientation_histograms"]

EPSILON = 1e-5  # keeps a block without any gradient at 0


def hog(
    images: Float[np.ndarray, "N H W ..."],
    orientations: int = 9,
    *,
    cell: int = 8,
    block: int = 2,
) -> Float[np.ndarray, "N D"]:
    r"""Histograms of oriented gradients, normalised within overlapping blocks of cells.

    .. math:: \hat v = \frac{v}{\sqrt{\lVert v \rVert^2 + \epsilon^2}}, \qquad \epsilon = 10^{-5}

    where ``v`` holds the `orientation_histograms` of the cells of a block, in row order. So
    the contrast of a block hardly matters, and a constant added to the image not at all.

    Args:
        images: (N, height, width), or with 3 colours last; 0..1.
        orientations: bins for 0..180 degrees, at least 1.
        cell: side of a cell in pixels, at least 1.
        block: side of a block in cells, at least 1; an image must hold one block.

    Returns:
        (N, D), in the dtype of the images, with D = block rows * block columns * block ** 2 *
        orientations.

    Raises:
        ArgumentTypeError: no floating NumPy array, or a size that is no whole number.
        ArgumentValueError: a wrong shape, no image, pixels outside of 0..1 or NaN, a size
            below 1, or an image smaller than one block.

    Example:
        A ramp that rises from left to right changes in direction 0 only:

        >>> ramp = np.broadcast_to(np.linspace(0, 1, 8), (1, 8, 8))
        >>> hog(ramp, orientations=4, cell=4, block=1).round(3)
        array([[1., 0., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0., 1., 0., 0., 0.]])

    Source: Dalal and Triggs, "Histograms of oriented gradients for human detection", CVPR
    2005; CS231n, lecture 3, "Image features".
    """
    side = require_count("block", block)
    cells = orientation_histograms(images, orientations, cell=cell)
    if min(cells.shape[1:3]) < side:
        got = f"{block} cells, of {cells.shape[1]} x {cells.shape[2]} in an image"
        hint = "Choose a smaller cell or block."
        raise ArgumentValueError("block", got, "at most the cells in an image", hint)
    views = np.lib.stride_tricks.sliding_window_view(cells, (side, side), axis=(1, 2))
    blocks = np.moveaxis(views, 3, 5).reshape(len(cells), -1, side * side * cells.shape[3])
    squares = np.einsum("nbd,nbd->nb", blocks, blocks)
    normed: np.ndarray = blocks / np.sqrt(squares + cells.dtype.type(EPSILON**2))[..., None]
    return normed.reshape(len(cells), -1)


def orientation_histograms(
    images: Float[np.ndarray, "N H W ..."], orientations: int = 9, *, cell: int = 8
) -> Float[np.ndarray, "N rows columns orientations"]:
    r"""How much the brightness changes in each direction, per cell: HOG before its blocks.

    .. math:: h_b = \frac{1}{\text{cell}^2} \sum_{\text{pixels}} |g| \;
        \bigl[\lfloor B\, (\theta \bmod 180) / 180 \rfloor = b\bigr]

    with the gradient ``g`` of a pixel, its angle theta in degrees (0: towards the right, 90:
    downwards) and ``B`` = `orientations`.

    Args:
        images: as for `hog`.
        orientations: as for `hog`.
        cell: as for `hog`; an image must hold one cell.

    Returns:
        (N, rows of cells, columns of cells, orientations), in the dtype of the images.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `hog`.

    Example:
        >>> ramp = np.broadcast_to(np.arange(4) / 4, (1, 4, 4))  # its border does not count
        >>> orientation_histograms(ramp, 2, cell=4)
        array([[[[0.25, 0.  ]]]])

    Source: as `hog`.
    """
    pixels = require_images(images)
    count, size = require_count("orientations", orientations), require_count("cell", cell)
    rows, columns = pixels.shape[1] // size, pixels.shape[2] // size
    if not (rows and columns):
        got = f"{cell} for images of {pixels.shape[1]} x {pixels.shape[2]}"
        raise ArgumentValueError("cell", got, "at most the side of an image", "Try 4.")
    down, right = _gradients(pixels)
    down, right = (part[:, : rows * size, : columns * size] for part in (down, right))
    cells = np.arange(rows)[:, None] * columns + np.arange(columns)
    cells = np.repeat(np.repeat(cells, size, axis=0), size, axis=1)
    places = cells + rows * columns * np.arange(len(pixels))[:, None, None]
    places = places * count + _bins(down, right, count)
    votes = np.bincount(
        places.ravel(), np.hypot(down, right).ravel(), len(pixels) * rows * columns * count
    )
    means: np.ndarray = votes.reshape(-1, rows, columns, count) / size**2
    return means.astype(pixels.dtype, copy=False)


def _gradients(pixels: Any) -> tuple[Any, Any]:
    """The change from the pixel before to the pixel after, downwards and to the right."""
    down, right = np.zeros_like(pixels), np.zeros_like(pixels)
    down[:, 1:-1] = pixels[:, 2:] - pixels[:, :-2]
    right[:, :, 1:-1] = pixels[:, :, 2:] - pixels[:, :, :-2]
    if pixels.ndim == 3:
        return down, right
    strongest = np.hypot(down, right).argmax(axis=3)[..., None]
    down, right = (np.take_along_axis(part, strongest, axis=3)[..., 0] for part in (down, right))
    return down, right


def _bins(down: Any, right: Any, count: int) -> Any:
    angles = np.degrees(np.arctan2(down, right)) % 180
    # an angle of, say, -1e-15 is 180 after rounding: the same direction as 0
    return np.floor(angles * (count / 180)).astype(np.intp) % count
