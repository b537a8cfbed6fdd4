"""The learning-rate range test: a rehearsal of training with a rate that grows.

The option chosen: the grid is exponential, with both ends among its rates, as in fast.ai's
`lr_find` (Smith's paper has a linear one); the loss is smoothed by a debiased moving
average, and that one is compared with the limit, because single batches are too noisy.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

import numpy as np
import torch
from jaxtyping import Float64
from torch import nn
from tqdm.auto import tqdm

from course.arrays import Number, require_count
from course.errors import ArgumentValueError, DivergenceError
from course.lr_finder.arguments import (
    require_factor,
    require_pair,
    require_parts,
    require_range,
    require_scalar,
)
from course.lr_finder.averages import MovingAverage, require_beta
from course.lr_finder.record import LRRangeTest, Stopped
from course.lr_finder.rehearsal import rehearsal
from course.schedules import ScheduledOptimizer, exponential, sample

__all__ = ["lr_range_test"]


def lr_range_test(
    model: nn.Module,
    loader: Iterable[Any],
    loss: Callable[[Any, Any], torch.Tensor],
    optimizer: torch.optim.Optimizer,
    *,
    start: Number = 1e-7,
    end: Number = 10.0,
    steps: int = 100,
    smoothing: Number = 0.98,
    stop_factor: Number = 4.0,
    factors: Sequence[Number] | None = None,
    progress: bool = False,
) -> LRRangeTest:
    r"""Train for `steps` batches at growing rates, record the loss, and undo it all.

    .. math:: \eta_i = a \, (b / a)^{i / (n - 1)}, \qquad i = 0, \dots, n - 1

    with ``a`` = `start`, ``b`` = `end`, ``n`` = `steps`. The test stops early at the first
    loss that is not finite, or when the smoothed loss exceeds `stop_factor` times the best
    smoothed loss so far (which says nothing about losses that may be negative: as long as
    the best one is not above 0, there is no such limit).

    Afterwards all is as before, also if the test was interrupted: weights, buffers such as
    those of batch normalisation, gradients, modes, the optimizer, and the random state of
    torch, NumPy, Python and the loader. Two tests in a row therefore see the same batches;
    for another sample, seed the loader's generator anew.

    Args:
        model: the network; batches are moved to where its first parameter is. If it is in
            evaluation mode it trains in training mode; in training mode, submodules that are
            frozen in evaluation mode stay so.
        loader: yields pairs of inputs and targets, and can be iterated again: it is
            restarted if it is shorter than the test.
        loss: takes the model's output and the targets, and returns the mean over the batch.
        optimizer: that of the coming training, with parameters of the model. Its rates do
            not matter here.
        start: the first rate, above 0.
        end: the last rate, above `start`.
        steps: how many rates, at least 2.
        smoothing: the beta of the moving average, at least 0, below 1.
        stop_factor: see above; above 1, and math.inf never stops for it.
        factors: what to multiply the rate by in each parameter group; 1 for all if None.
            The rates on record are those with factor 1.
        progress: show a progress bar.

    Raises:
        ArgumentTypeError, ArgumentValueError: an argument that cannot be right; among them a
            loader that yields nothing or no pairs, a loss that is no scalar, and an optimizer
            of another model.
        DivergenceError: if the very first loss is not finite.

    Example:
        >>> x = torch.randn(64, 3, generator=torch.Generator().manual_seed(0))
        >>> batches = [(x, x @ torch.tensor([[1.0], [2.0], [3.0]]))]
        >>> model = nn.Linear(3, 1)
        >>> optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        >>> test = lr_range_test(model, batches, nn.functional.mse_loss, optimizer)
        >>> test.stopped, 0.01 < test.minimum_over_ten() < 1
        ('diverged', True)

    Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017,
    section 3.3; fast.ai, lesson 2, `lr_find`.
    """
    modules = require_parts(model, loader, loss, optimizer)
    count = require_count("steps", steps, at_least=2)
    schedule = exponential(*require_range(start, end), count - 1)
    average = MovingAverage(require_beta("smoothing", smoothing))
    limit = require_factor(stop_factor)
    scheduled = ScheduledOptimizer(optimizer, schedule, factors=factors)
    rates = sample(schedule, count)
    with rehearsal(modules, optimizer, loader), torch.enable_grad():
        if not model.training:
            model.train()
        losses = _training_losses(model, _forever(loader, _device(model)), loss, scheduled)
        shown = tqdm(islice(losses, count), "range test", count, leave=False, disable=not progress)
        return _record(rates, iter(shown), average, limit)


def _record(
    rates: Float64[np.ndarray, " steps"],
    training: Iterator[float],
    average: MovingAverage,
    limit: float,
) -> LRRangeTest:
    """Watch the losses of the training, as long as it makes sense."""
    losses: list[float] = []
    smoothed: list[float] = []
    best = math.inf
    stopped: Stopped = "finished"
    for loss in training:
        losses.append(loss)
        smoothed.append(average.update(loss))
        if not math.isfinite(loss):
            stopped = "not finite"
            break
        if smoothed[-1] > limit * best > 0:
            stopped = "diverged"
            break
        best = min(best, smoothed[-1])
    if not math.isfinite(losses[0]):
        raise DivergenceError(
            f"the range test saw a loss of {losses[0]} at its first step, before any training. "
            "Look for NaN in the inputs, for wrong targets and for too large initial weights."
        )
    return LRRangeTest(rates[: len(losses)], np.array(losses), np.array(smoothed), stopped)


def _training_losses(
    model: nn.Module,
    batches: Iterator[tuple[Any, Any]],
    loss: Callable[[Any, Any], torch.Tensor],
    optimizer: ScheduledOptimizer,
) -> Iterator[float]:
    """The loss of each batch; the weights move when the next one is asked for."""
    for inputs, targets in batches:
        optimizer.zero_grad()
        objective = loss(model(inputs), targets)
        require_scalar(objective)
        yield float(objective.detach())
        objective.backward()  # type: ignore[no-untyped-call]  # of torch
        optimizer.step()


def _forever(loader: Iterable[Any], device: torch.device) -> Iterator[tuple[Any, Any]]:
    """The batches of the loader, over and over, on the device of the model."""
    while True:
        batch = None
        for batch in loader:
            inputs, targets = require_pair(batch)
            yield _moved(inputs, device), _moved(targets, device)
        if batch is None:
            hint = "Check that the data set is not empty, and drop_last."
            raise ArgumentValueError("loader", "none", "at least one batch", hint)


def _moved(value: Any, device: torch.device) -> Any:
    return value.to(device) if isinstance(value, torch.Tensor) else value


def _device(model: nn.Module) -> torch.device:
    """Where the first parameter is."""
    return next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
