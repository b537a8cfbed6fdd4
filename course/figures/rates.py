"""Learning rates: schedules, restarts, range tests, and what a schedule does to accuracy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.arrays import Number, describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, as_numbers, canvas, light_grid
from course.schedules import Schedule, cycle_ends, epochs_in_total, sample, warm_restarts

__all__ = ["range_test_curves", "rates_above_accuracy", "restart_cycles", "schedule_curves"]

Floats = npt.NDArray[np.float64]

COLOURS = (BLUE, ORANGE, GREEN, INK)
LINES = ("-", "--", "-.", ":")
RULES = (
    ("valley", "valley", GREEN, "o"),
    ("minimum_over_ten", "minimum / 10", BLUE, "s"),
    ("steepest", "steepest", ORANGE, "^"),
)


def schedule_curves(schedules: Mapping[str, Schedule], steps: int) -> Figure:
    """The values of up to four schedules, step by step.

    Args:
        schedules: by the name to show.
        steps: how many steps to draw, at least 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: no schedule, more than four, or no such number
            of steps.

    Example:
        >>> from course.schedules import cosine_annealing, linear
        >>> curves = {"linear": linear(0.1, 0, 50), "cosine": cosine_annealing(0.1, 0, 50)}
        >>> schedule_curves(curves, 60).axes[0].get_xlabel()
        'step (one batch each)'
    """
    _require_few("schedules", schedules)
    with canvas(9, 4.6) as (figure, grid):
        axes = grid[0, 0]
        for (name, schedule), colour, line in zip(schedules.items(), COLOURS, LINES, strict=False):
            axes.plot(sample(schedule, steps), color=colour, linestyle=line, label=name)
        axes.set_title("A schedule gives each step its value")
        axes.set_xlabel("step (one batch each)")
        axes.set_ylabel("value")
        axes.set_xlim(0, max(steps - 1, 1))
        axes.set_ylim(bottom=0)
        axes.legend()
        light_grid(axes)
    return figure


def restart_cycles(
    maximum: Number = 0.1,
    minimum: Number = 0.0,
    *,
    n_cycles: int = 3,
    cycle_len: int = 1,
    cycle_mult: int = 2,
    batches: int = 100,
) -> Figure:
    """Warm restarts over epochs, with the length of each cycle.

    Args:
        maximum: as for `course.schedules.warm_restarts`.
        minimum: likewise.
        n_cycles: how many cycles to draw, at least 1.
        cycle_len: the length of the first one in epochs.
        cycle_mult: each is so many times as long as the one before.
        batches: how many batches make an epoch.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `warm_restarts` and `cycle_ends`.

    Example:
        >>> restart_cycles().axes[0].get_title(loc="left")
        '3 cycles of 1, 2 and 4 epochs: 7 in all'
    """
    per_epoch = require_count("batches", batches)
    ends = cycle_ends(n_cycles, cycle_len, cycle_mult)
    total = epochs_in_total(n_cycles, cycle_len, cycle_mult)
    schedule = warm_restarts(maximum, minimum, cycle_len * per_epoch, cycle_mult)
    values = sample(schedule, total * per_epoch)
    with canvas(9, 4.6) as (figure, grid):
        axes = grid[0, 0]
        for start, end in zip((0, *ends[:-1]), ends, strict=True):
            cycle = np.arange(start * per_epoch, end * per_epoch)
            axes.plot(cycle / per_epoch, values[cycle], color=BLUE)
        _mark_restarts(axes, ends[:-1])
        axes.plot((0, *ends[:-1]), [maximum] * n_cycles, "o", color=BLUE, clip_on=False)
        axes.set_title(_cycles_in_words(np.diff((0, *ends)), total))
        axes.set_xlabel("epoch")
        axes.set_ylabel("learning rate")
        axes.set_xlim(0, total)
        axes.set_ylim(bottom=0)
        light_grid(axes)
    return figure


def _cycles_in_words(lengths: npt.NDArray[np.int64], total: int) -> str:
    if len(lengths) == 1:
        return f"1 cycle of {_epochs(total)}"
    shown = [str(length) for length in lengths]
    if len(shown) > 5:
        shown = [*shown[:3], "...", shown[-1]]
        return f"{len(lengths)} cycles of {', '.join(shown)} epochs: {total} in all"
    words = f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"{len(lengths)} cycles of {words} epochs: {total} in all"


def _epochs(count: int) -> str:
    return "1 epoch" if count == 1 else f"{count} epochs"


def _mark_restarts(axes: Axes, places: Sequence[Number]) -> None:
    for place in places:
        axes.axvline(place, color=GREY, linewidth=1.2, linestyle=":")


def range_test_curves(tests: Any) -> Figure:
    """The loss against the rate, raw and smoothed, and below it what each rule suggests.

    With several tests, of several seeds, the rows below show how far one can trust a rule.
    Beside its name stands the median. A rule that finds nothing on a curve is left out for it.

    Args:
        tests: an `LRRangeTest`, or a sequence of them.

    Raises:
        ArgumentTypeError, ArgumentValueError: something else, or none.

    Example:
        >>> from course.lr_finder import LRRangeTest
        >>> rates = np.geomspace(1e-5, 10, 50)
        >>> losses = 2.3 - 2 / (1 + 0.01 / rates) + rates**2 / 9
        >>> figure = range_test_curves(LRRangeTest(rates, losses, losses, "finished"))
        >>> [axes.get_xlabel() for axes in figure.axes]
        ['', 'learning rate']
    """
    curves = _as_tests(tests)
    with canvas(9, 6.2, 2, 1, sharex=True, height_ratios=[3, 1]) as (figure, grid):
        top, rows = grid[:, 0]
        for test in curves:
            _draw_test(top, test, alone=len(curves) == 1)
        names = [_draw_rule(top, rows, curves, row) for row in range(len(RULES))]
        top.set_xscale("log")
        top.set_ylim(*_limits(curves))
        top.set_ylabel("loss of the batch")
        top.set_title("Choose where the loss still falls, not where it is lowest")
        top.legend(*_legend(top))
        rows.set_xlabel("learning rate")
        rows.set_yticks(range(len(RULES)), names)
        rows.set_ylim(len(RULES) - 0.5, -0.5)
        for axes in (top, rows):
            light_grid(axes)
    return figure


def _as_tests(tests: Any) -> list[Any]:
    several = list(tests) if isinstance(tests, Sequence) else [tests]
    hint = "Pass what course.lr_finder.lr_range_test returned."
    if not several:
        raise ArgumentValueError("tests", "none", "at least one range test", hint)
    for test in several:
        if not hasattr(test, "smoothed"):
            raise ArgumentTypeError("tests", describe(test), "range tests", hint)
    return several


def _draw_test(axes: Axes, test: Any, *, alone: bool) -> None:
    axes.plot(test.rates, test.losses, color=GREY, linewidth=0.8, alpha=0.5, label="each batch")
    width = 2.5 if alone else 1.4
    axes.plot(test.rates, test.smoothed, color=INK, linewidth=width, label="smoothed")


def _draw_rule(top: Axes, rows: Axes, tests: list[Any], row: int) -> str:
    """Draw what one rule suggests, on each curve and in its row; return its name and median."""
    rule, name, colour, marker = RULES[row]
    style: dict[str, Any] = {"color": colour, "marker": marker, "linestyle": "none", "zorder": 5}
    suggested = []
    for test in tests:
        try:
            rate = getattr(test, rule)()
        except ArgumentValueError:  # the loss falls nowhere: there is nothing to show
            continue
        suggested.append(rate)
        height = np.interp(np.log(rate), np.log(test.rates), test.smoothed)
        top.plot([rate], [height], markersize=9, markeredgecolor="white", **style)
        rows.plot([rate], [row], markersize=9, alpha=0.7, **style)
    return f"{name}: {np.median(suggested):.2g}" if suggested else f"{name}: none"


def _legend(axes: Axes) -> tuple[list[Any], list[str]]:
    """One entry for each label, however many seeds there are."""
    entries = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    return list(entries.values()), list(entries)


def _limits(curves: list[Any]) -> tuple[float, float]:
    """Room for all that falls; of what rises, only for its beginning."""
    low = min(float(test.losses[np.isfinite(test.losses)].min()) for test in curves)
    start = max(float(test.smoothed[0]) for test in curves)
    room = max(start - low, 0.1 * abs(start), 1e-12)
    return low - 0.1 * room, start + 0.4 * room


def rates_above_accuracy(
    rates: Mapping[str, Any],
    accuracies: Mapping[str, Any],
    *,
    restarts: Sequence[int] = (),
) -> Figure:
    """The rate of each batch, and below it the validation accuracy after each epoch.

    Args:
        rates: up to four runs by name, each (steps,).
        accuracies: the same runs, each (epochs,), parts of 1; their epochs are of equal
            length, so that steps / epochs batches make one.
        restarts: steps at which to draw a line through both, such as `cycle_ends` gives.

    Raises:
        ArgumentTypeError: if a run holds no numbers.
        ArgumentValueError: if the names differ, there are none or more than four, or the
            steps of a run are no multiple of its epochs.

    Example:
        >>> from course.schedules import sample, warm_restarts
        >>> rates = {"SGDR": sample(warm_restarts(0.1, 0.0, 10, 2), 30)}
        >>> figure = rates_above_accuracy(rates, {"SGDR": [0.6, 0.7, 0.8]}, restarts=[10])
        >>> [axes.get_ylabel() for axes in figure.axes]
        ['learning rate', 'validation accuracy']
    """
    _require_few("rates", rates)
    if list(rates) != list(accuracies):
        hint = "Give each run its rates and its accuracies."
        expected = f"the runs {list(rates)}"
        raise ArgumentValueError("accuracies", f"{list(accuracies)}", expected, hint)
    with canvas(9, 6.4, 2, 1, sharex=True, height_ratios=[2, 3]) as (figure, grid):
        top, bottom = grid[:, 0]
        batches = 1
        for name, colour, line in zip(rates, COLOURS, LINES, strict=False):
            run, scores = as_numbers("rates", rates[name], 1), accuracies[name]
            scores = as_numbers("accuracies", scores, 1)
            batches = _batches(name, len(run), len(scores))
            style: dict[str, Any] = {"color": colour, "linestyle": line, "label": name}
            top.step(np.arange(len(run)) / batches, run, where="post", **style)
            bottom.plot(np.arange(1, len(scores) + 1), scores, marker="o", **style)
        for axes in (top, bottom):
            _mark_restarts(axes, [step / batches for step in restarts])
            light_grid(axes)
        top.set_ylim(bottom=0)
        top.set_ylabel("learning rate")
        top.set_title("What the rate does, and what the accuracy makes of it")
        bottom.set_ylabel("validation accuracy")
        bottom.set_xlabel("epoch")
        bottom.set_xlim(left=0)
        bottom.legend()
    return figure


def _batches(name: str, steps: int, epochs: int) -> int:
    """How many batches make an epoch of a run."""
    if steps % epochs:
        got, expected = f"{steps} steps of {name!r}", f"a multiple of its {epochs} epochs"
        hint = "Record the rate of each batch, and one accuracy for each epoch."
        raise ArgumentValueError("rates", got, expected, hint)
    return steps // epochs


def _require_few(name: str, curves: Mapping[str, Any]) -> None:
    if not 1 <= len(curves) <= len(COLOURS):
        hint = "Draw more of them in a second figure."
        raise ArgumentValueError(name, f"{len(curves)} curves", "1 to 4", hint)
