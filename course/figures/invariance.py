"""What shifts and deformations do to images, features and decisions.

torch is slow to import: only the figures that compute with it wait for it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, as_numbers, canvas, light_grid

__all__ = [
    "accuracy_against_shift",
    "deformation_grid",
    "equivariance_bars",
    "invariance_with_depth",
    "scattering_filters",
    "sensitivity_maps",
]

Floats = npt.NDArray[np.float64]

STYLES = ((BLUE, "-", "o"), (ORANGE, "--", "s"), (GREEN, "-.", "^"), (INK, ":", "D"))


def accuracy_against_shift(
    accuracies: Mapping[str, Any], shifts: Sequence[int], *, period: int | None = None
) -> Figure:
    """The accuracy of up to four classifiers on images moved by one shift: the sawtooth.

    Args:
        accuracies: by the name to show, one accuracy from 0 to 1 for each shift, as
            `course.invariance.accuracy_by_shift` gives them.
        shifts: the pixels to write below, in ascending order.
        period: mark each multiple of it: the product of the strides.

    Raises:
        ArgumentTypeError: no mapping, or a period that is no whole number.
        ArgumentValueError: no classifier, more than four, or not an accuracy for each shift.

    Example:
        >>> figure = accuracy_against_shift({"max": [0.99, 0.84, 0.99]}, [0, 1, 2], period=2)
        >>> figure.axes[0].get_ylabel()
        'accuracy'
    """
    _require_some("accuracies", accuracies, len(STYLES))
    pixels = as_numbers("shifts", shifts, 1)
    with canvas(9, 4.8) as (figure, grid):
        axes = grid[0, 0]
        for (name, values), style in zip(accuracies.items(), STYLES, strict=False):
            heights = _one_for_each(f"accuracies[{name!r}]", values, len(pixels), "shift")
            colour, line, marker = style
            axes.plot(pixels, heights, color=colour, linestyle=line, marker=marker, label=name)
        if period is not None:
            _mark_multiples(axes, pixels, require_count("period", period))
        axes.set_title("Accuracy repeats itself with the product of the strides")
        axes.set_xlabel("shift of all images, in pixels")
        axes.set_ylabel("accuracy")
        axes.set_ylim(0, 1.04)
        axes.yaxis.set_major_formatter(PercentFormatter(1))
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        light_grid(axes)
        axes.set_xticks(pixels)
    return figure


def _mark_multiples(axes: Axes, pixels: Floats, period: int) -> None:
    multiples = [pixel for pixel in pixels if pixel % period == 0]
    for pixel in multiples:
        axes.axvline(pixel, color=GREY, linewidth=1.2, linestyle=(0, (1, 2)), zorder=0)
    if multiples:
        note = f"dotted: multiples of {period}"
        axes.text(0.015, 0.03, note, color="#555555", fontsize=11, transform=axes.transAxes)


def sensitivity_maps(maps: Mapping[str, Any]) -> Figure:
    """How far each shift moves the features, side by side on one scale.

    Args:
        maps: by the name to show, the square arrays that `course.invariance.sensitivity_map`
            gives; at most four.

    Raises:
        ArgumentTypeError: no mapping, or no numbers.
        ArgumentValueError: no map, more than four, or one that has no middle.

    Example:
        >>> figure = sensitivity_maps({"pixels": np.ones((3, 3)), "features": np.zeros((3, 3))})
        >>> [axes.get_title() for axes in figure.axes[:2]]
        ['pixels', 'features']
    """
    _require_some("maps", maps, 4)
    tables = {name: _require_map(name, table) for name, table in maps.items()}
    highest = max(1.0, *(float(table.max()) for table in tables.values()))
    with canvas(3.1 * len(tables) + 1.6, 4.0, 1, len(tables)) as (figure, grid):
        for axes, (name, table) in zip(grid[0], tables.items(), strict=True):
            reach = len(table) // 2
            edge = reach + 0.5
            shown = axes.imshow(
                table, cmap="cividis", vmin=0, vmax=highest, extent=(-edge, edge, edge, -edge)
            )
            axes.set_title(name, loc="center")
            axes.set_xlabel("pixels to the right")
            axes.set(xticks=_ticks(reach), yticks=_ticks(reach))
        grid[0, 0].set_ylabel("pixels down")
        bar = figure.colorbar(shown, ax=list(grid[0]), shrink=0.75)
        bar.set_label("change / distance\nbetween images")
        wide = len(tables) > 1
        title = "What a shift changes: 0 nothing, 1 as much as another image"
        figure.suptitle(title if wide else title.replace(": ", ":\n"))
    return figure


def _ticks(reach: int) -> list[int]:
    step = max(1, reach // 2)
    return [*range(-step * (reach // step), reach + 1, step)]


def invariance_with_depth(layers: Sequence[Any]) -> Figure:
    """What shifts change after each layer, in both norms, side by side.

    Args:
        layers: as `course.invariance.invariance_by_depth` gives them, at least one.

    Raises:
        ArgumentTypeError: if a record is of another kind.
        ArgumentValueError: if there is none.

    Example:
        >>> from course.invariance import LayerInvariance
        >>> figure = invariance_with_depth([LayerInvariance("0", "Conv2d", 0.4, 1.0)])
        >>> [axes.get_title() for axes in figure.axes]
        ['by the size of the features', 'by the distance between images']
    """
    from course.invariance import LayerInvariance

    records = list(layers)
    if not records or not all(isinstance(record, LayerInvariance) for record in records):
        hint = "Pass what invariance_by_depth returns."
        got = "no layer" if not records else f"a {type(records[0]).__name__}"
        raise ArgumentTypeError("layers", got, "records of layers", hint)
    panels = (
        ("by the size of the features", [record.relative_change for record in records], BLUE),
        ("by the distance between images", [r.change_over_distance for r in records], ORANGE),
    )
    height = 0.42 * len(records) + 2.2
    with canvas(10, max(height, 3.4), 1, 2, sharey=True) as (figure, grid):
        for axes, (title, values, colour) in zip(grid[0], panels, strict=True):
            _draw_bars(axes, [_layer_name(record) for record in records], values, colour)
            axes.set_title(title, loc="center")
            axes.set_xlabel("change of the features")
        grid[0, 0].set_ylabel("from the input downwards")
        figure.suptitle("Small beside the features is not small beside what tells images apart")
    return figure


def _layer_name(record: Any) -> str:
    return f"{record.name} {record.kind}" if record.name.isdigit() else str(record.name)


def equivariance_bars(errors: Mapping[str, float]) -> Figure:
    """The equivariance error of layers, on a logarithmic scale from rounding to 1.

    Args:
        errors: by the name to show, at least one, each at least 0; what is below 1e-9 has no
            bar, but its number.

    Raises:
        ArgumentTypeError: no mapping, or no numbers.
        ArgumentValueError: no layer, or a negative or infinite error.

    Example:
        >>> figure = equivariance_bars({"convolution": 1e-7, "max-pooling": 0.3})
        >>> [label.get_text() for label in figure.axes[0].get_yticklabels()]
        ['convolution', 'max-pooling']
    """
    _require_some("errors", errors, 24)
    values = as_numbers("errors", list(errors.values()), 1)
    if (values < 0).any():
        hint = "A relative norm is never negative."
        raise ArgumentValueError("errors", repr(float(values.min())), "numbers >= 0", hint)
    with canvas(9, 0.5 * len(values) + 2.0) as (figure, grid):
        axes = grid[0, 0]
        axes.set_xscale("log")
        _draw_bars(axes, list(errors), values.tolist(), BLUE, left=1e-9)
        axes.set_xlim(1e-9, max(30.0, 30 * float(values.max())))
        axes.set_title("Does the output move along with the input?")
        axes.set_xlabel("equivariance error, relative to the output")
    return figure


def _draw_bars(
    axes: Axes, names: Sequence[str], values: Sequence[float], colour: str, left: float = 0.0
) -> None:
    """Horizontal bars from the top down, each with its number."""
    lengths = [max(value, left) - left for value in values]
    axes.barh(range(len(names)), lengths, left=left, height=0.62, color=colour)
    for row, (value, length) in enumerate(zip(values, lengths, strict=True)):
        text = f"{value:.2g}" if value and value < 0.01 else f"{value:.2f}" if value else "0"
        axes.annotate(
            text, (left + length, row), (5, 0), textcoords="offset points", va="center", fontsize=11
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    if left == 0:
        axes.set_xlim(0, 1.2 * max(*values, 1e-12, 0))
    light_grid(axes)
    axes.grid(visible=False, axis="y")


def scattering_filters(J: int = 2, L: int = 8, *, side: int = 32) -> Figure:
    """The wavelets of the scattering transform: the real part of each, scale by orientation.

    Args:
        J: how many octaves, one row each.
        L: how many orientations, one column each.
        side: the size of the images that they are for, in pixels.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `course.scattering.filter_bank`.

    Example:
        >>> len(scattering_filters(2, 4).axes)
        8
    """
    from course.scattering import filter_bank

    bank = filter_bank(J, (side, side), L=L)
    waves = np.fft.fftshift(np.fft.ifft2(bank.psi), axes=(2, 3)).real
    middle = waves.shape[-1] // 2
    reach = min(middle, 2 * 2**J + 1)
    window = slice(middle - reach, middle + reach + 1)
    with canvas(1.25 * L + 0.9, 1.2 * J + 1.2, J, L) as (figure, grid):
        for j in range(J):
            highest = abs(waves[j]).max()
            for orientation in range(L):
                axes = grid[j, orientation]
                tile = waves[j, orientation, window, window]
                axes.imshow(tile, cmap="RdBu_r", vmin=-highest, vmax=highest)
                axes.set(xticks=[], yticks=[])
                if j == 0:
                    axes.set_title(f"$l = {orientation}$", loc="center", fontsize=12)
            grid[j, 0].set_ylabel(f"$j = {j}$")
        title = "Morlet wavelets, real part: each scale is twice as wide as the one above"
        figure.suptitle(title if L > 6 else title.replace(": ", ":\n"))
    return figure


def deformation_grid(image: Any, displacements: Mapping[str, Any], *, every: int = 2) -> Figure:
    """An image under several deformations, with the mesh that shows where its pixels went.

    Args:
        image: (height, width), grey values.
        displacements: by the name to show, (2, height, width), as
            `course.invariance.smooth_displacement` gives them; at most five.
        every: draw each so many-th line of the mesh.

    Raises:
        ArgumentTypeError: no mapping, or no numbers.
        ArgumentValueError: a shape that does not fit, no deformation, or more than five.

    Example:
        >>> fields = {"as it is": np.zeros((2, 8, 8)), "half a pixel": np.full((2, 8, 8), 0.5)}
        >>> len(deformation_grid(np.eye(8), fields).axes)
        2
    """
    import torch

    from course.invariance import deform

    _require_some("displacements", displacements, 5)
    picture, step = as_numbers("image", image, 2), require_count("every", every)
    fields = {
        name: as_numbers(f"displacements[{name!r}]", field, 3)
        for name, field in displacements.items()
    }
    room = 0.6 + max(float(abs(field).max()) for field in fields.values())
    down, across = ((-room, side - 1 + room) for side in picture.shape)
    with canvas(max(3.0 * len(fields) + 0.4, 5.0), 4.1, 1, len(fields)) as (figure, grid):
        for axes, (name, field) in zip(grid[0], fields.items(), strict=True):
            moved = deform(torch.from_numpy(picture), torch.from_numpy(field), padding="reflect")
            axes.imshow(moved.numpy(), cmap="gray_r")
            _draw_mesh(axes, field, step)
            longest = np.linalg.norm(field, axis=0).max()
            axes.set_title(f"{name}\nat most {longest:.1f} pixels", loc="center", fontsize=12)
            axes.set(xticks=[], yticks=[], xlim=across, ylim=down[::-1])
            for spine in axes.spines.values():
                spine.set_visible(False)
        title = "Small deformations: every pixel moves a little, each its own way"
        figure.suptitle(title if len(fields) > 2 else title.replace(": ", ":\n"))
    return figure


def _draw_mesh(axes: Axes, field: Floats, every: int) -> None:
    """The lines of a regular mesh, moved along; what was at u lies near u + tau(u)."""
    rows, columns = np.mgrid[: field.shape[1], : field.shape[2]]
    down, right = rows + field[0], columns + field[1]
    style: Any = {"color": ORANGE, "linewidth": 0.9, "alpha": 0.85}
    for row in range(0, field.shape[1], every):
        axes.plot(right[row], down[row], **style)
    for column in range(0, field.shape[2], every):
        axes.plot(right[:, column], down[:, column], **style)


def _require_some(name: str, mapping: object, most: int) -> None:
    expected = f"1 to {most} of them, by the name to show"
    if not isinstance(mapping, Mapping):
        raise ArgumentTypeError(name, describe(mapping), expected, "Pass a dict.")
    if not 1 <= len(mapping) <= most:
        hint = "More would be unreadable: draw two figures."
        raise ArgumentValueError(name, str(len(mapping)), expected, hint)


def _one_for_each(name: str, values: Any, count: int, what: str) -> Floats:
    numbers = as_numbers(name, values, 1)
    if len(numbers) != count:
        hint = "Measure and draw the same list."
        raise ArgumentValueError(name, f"{len(numbers)} values", f"{count}, one per {what}", hint)
    return numbers


def _require_map(name: str, table: Any) -> Floats:
    numbers = as_numbers(f"maps[{name!r}]", table, 2)
    if numbers.shape[0] != numbers.shape[1] or numbers.shape[0] % 2 == 0:
        expected, hint = "a square of odd side", "sensitivity_map gives (2 m + 1, 2 m + 1)."
        raise ArgumentValueError(f"maps[{name!r}]", f"shape {numbers.shape}", expected, hint)
    return numbers
