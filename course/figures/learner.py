"""What a learner did: its losses, its rates, and what each of the eight steps brought."""

from collections.abc import Mapping, Sequence
from textwrap import fill
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course.arrays import Number
from course.errors import ArgumentValueError
from course.figures.style import BLUE, GREEN, GREY, INK, ORANGE, as_numbers, canvas, light_grid

if TYPE_CHECKING:
    from course.learner import Recorder

__all__ = ["accuracy_by_step", "learner_losses", "learner_rates"]

COLOURS = (BLUE, ORANGE, GREEN, INK)
LINES = ("-", "--", "-.", ":")


def learner_losses(recorder: "Recorder") -> Figure:
    """The loss of each training batch, and that of the validation set after each epoch.

    Args:
        recorder: `learner.recorder`, after at least one epoch.

    Raises:
        ArgumentValueError: if nothing was recorded yet.

    Example:
        >>> from course.learner import Recorder
        >>> recorder = Recorder()
        >>> recorder.add_batch(0.7, (0.1,))
        >>> recorder.add_epoch(1, 0.6, {"accuracy": 0.5})
        >>> learner_losses(recorder).axes[0].get_xlabel()
        'step (one batch each)'
    """
    _require_epochs(recorder)
    steps = [epoch.steps for epoch in recorder.epochs]
    with canvas(9, 4.6) as (figure, grid):
        axes = grid[0, 0]
        axes.plot(recorder.losses, color=BLUE, linewidth=0.8, alpha=0.35, label="each batch")
        train = [epoch.train_loss for epoch in recorder.epochs]
        valid = [epoch.valid_loss for epoch in recorder.epochs]
        axes.plot(steps, train, "o-", color=BLUE, markersize=5, label="mean of the epoch's batches")
        axes.plot(steps, valid, "s--", color=ORANGE, markersize=5, label="validation set")
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.set_xlabel("step (one batch each)")
        axes.set_ylabel("loss")
        axes.set_title("Overfitting begins where the validation loss turns up")
        axes.legend()
        light_grid(axes)
    return figure


def learner_rates(recorder: "Recorder") -> Figure:
    """The rate of each group of layers in each step, above the first metric.

    Args:
        recorder: `learner.recorder`, after at least one epoch.

    Raises:
        ArgumentValueError: if nothing was recorded yet.

    Example:
        >>> from course.learner import Recorder
        >>> recorder = Recorder()
        >>> recorder.add_batch(0.7, (0.01, 0.1))
        >>> recorder.add_epoch(1, 0.6, {"accuracy": 0.5})
        >>> [axes.get_ylabel() for axes in learner_rates(recorder).axes]
        ['learning rate', 'accuracy']
    """
    _require_epochs(recorder)
    name = next(iter(recorder.epochs[0].metrics), "valid loss")
    values = [epoch.metrics.get(name, epoch.valid_loss) for epoch in recorder.epochs]
    with canvas(9, 6, 2, 1, sharex=True) as (figure, grid):
        upper, lower = grid[:, 0]
        _draw_rates(upper, recorder)
        lower.plot([epoch.steps for epoch in recorder.epochs], values, "o-", color=INK)
        lower.set_ylabel(name)
        lower.set_xlabel("step (one batch each)")
        lower.set_xlim(left=0)
        light_grid(lower)
        figure.suptitle("The rate of each step, and what each epoch ended with")
    return figure


def _draw_rates(axes: Axes, recorder: "Recorder") -> None:
    """One line per group, the head's first; a group that is frozen has no rate."""
    rates = np.where(recorder.rates == 0, np.nan, recorder.rates)
    groups = rates.shape[1]
    for group in reversed(range(groups)):
        from_head = groups - 1 - group
        label = "head" if from_head == 0 else f"group {group}"
        colour, line = COLOURS[from_head % 4], LINES[from_head % 4]
        axes.plot(
            rates[:, group], label=label, color=colour, linestyle=line, drawstyle="steps-post"
        )
    positive = rates[rates > 0]
    if positive.size and positive.max() > 100 * np.median(positive):
        axes.set_yscale("log")
    else:
        axes.set_ylim(bottom=0)
    axes.set_ylabel("learning rate")
    if groups > 1:
        # above the curves, which may be anywhere
        axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=min(groups, 4))
    light_grid(axes)


def accuracy_by_step(
    accuracies: Mapping[str, Sequence[Number] | Any], *, chance: Number | None = None
) -> Figure:
    """A waterfall: the mean accuracy after each step, what it changed, and the spread of seeds.

    A bar begins where the step before ended; upward bars are blue, downward ones orange and
    hatched. Each dot is a seed. A change that is small against the spread of the dots is not
    one to believe in.

    Args:
        accuracies: for each step, by name and in order, its accuracy with each seed, in 0..1.
        chance: the accuracy of guessing, as a line.

    Raises:
        ArgumentTypeError: if an accuracy is no number.
        ArgumentValueError: if there is no step, or the steps have different numbers of seeds.

    Example:
        >>> figure = accuracy_by_step({"from scratch": [0.8, 0.9], "fine-tuned": [0.9, 0.96]})
        >>> [text.get_text() for text in figure.axes[0].texts]
        ['0.850', '+0.080']
    """
    steps = {name: as_numbers("accuracies", values, 1) for name, values in accuracies.items()}
    if not steps or len({len(values) for values in steps.values()}) != 1:
        got = ", ".join(f"{name}: {len(values)}" for name, values in steps.items()) or "no step"
        hint = "Run each step with the same seeds."
        expected = "at least one step, all with as many seeds"
        raise ArgumentValueError("accuracies", got, expected, hint)
    means = [float(values.mean()) for values in steps.values()]
    with canvas(max(1.5 * len(steps) + 2, 7), 5) as (figure, grid):
        axes = grid[0, 0]
        for position, values in enumerate(steps.values()):
            before = means[position - 1] if position else 0.0
            _draw_step(axes, position, values, before)
        if chance is not None:
            axes.axhline(chance, color=GREY, linestyle=":", linewidth=1.5, label="guessing")
            axes.legend(loc="lower right")
        lowest = min(float(values.min()) for values in steps.values())
        bottom = 0.0 if chance is not None else max(0.0, lowest - 0.1)
        axes.set_ylim(bottom, 1.02)
        axes.set_xticks(range(len(steps)), [fill(name, 12) for name in steps])
        axes.set_ylabel("accuracy on the validation set")
        seeds = len(next(iter(steps.values())))
        axes.set_title(f"What each step brought; a dot is one of {seeds} seeds")
        light_grid(axes)
        axes.grid(visible=False, axis="x")
    return figure


def _draw_step(axes: Axes, position: int, values: Any, before: float) -> None:
    mean = float(values.mean())
    first, down = position == 0, mean < before
    colour, hatch = ("#BBBBBB", "") if first else (ORANGE, "//") if down else (BLUE, "")
    axes.bar(
        position, mean - before, bottom=before, width=0.6, color=colour, hatch=hatch, alpha=0.6
    )
    offsets = np.linspace(-0.16, 0.16, len(values)) if len(values) > 1 else [0.0]
    axes.plot(position + np.asarray(offsets), values, "o", color=INK, markersize=4.5, zorder=4)
    axes.plot([position - 0.3, position + 0.3], [mean, mean], color=INK, linewidth=2, zorder=3)
    top = max(float(values.max()), mean, before)
    text = f"{mean:.3f}" if first else f"{mean - before:+.3f}"
    axes.annotate(text, (position, top), xytext=(0, 7), textcoords="offset points", ha="center")


def _require_epochs(recorder: "Recorder") -> None:
    if not recorder.epochs:
        hint = "Call learner.fit(...) first."
        raise ArgumentValueError("recorder", "no epoch", "at least one", hint)
