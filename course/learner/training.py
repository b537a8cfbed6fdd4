"""One fit, step by step, which may be stopped anywhere and gone on with.

The state between two steps is whole: weights, buffers, the optimizer's memory, the count of
steps and the recorder belong together. A step that is interrupted or fails before it moves the
weights leaves no trace (its forward pass has changed the averages of batch normalisation, which
are put back); one that has begun to move them finishes before Ctrl-C is felt.
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from tqdm.auto import tqdm

from course.arrays import describe
from course.errors import ArgumentTypeError, DivergenceError
from course.finetuning import evaluating, train_mode
from course.finetuning.modes import restoring_modes
from course.learner.examples import Batches, Examples
from course.learner.interruption import uninterrupted
from course.learner.plan import Plan
from course.learner.randomness import WITHIN, seeded
from course.learner.recorder import EpochRecord, Recorder
from course.schedules import ScheduledOptimizer

__all__ = ["Loss", "Measures", "Metric", "Training", "measure", "scores_of"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
Metric = Callable[[torch.Tensor, torch.Tensor], Any]


@dataclass(frozen=True, eq=False)
class Measures:
    """What is measured on the validation set."""

    examples: Examples
    loss: Loss
    metrics: Mapping[str, Metric]


@dataclass(eq=False)
class Training:
    """A fit in progress.

    Attributes:
        module: what is trained: the whole model, or its head on cached activations.
        batches: those of the training set.
        measures: what each epoch ends with.
        plan: what was asked for.
        optimizer: follows the schedule; it counts the steps.
        learning: which groups of layers it moves.
        recorder: notes everything.
        on_epoch: called after each epoch with its record; True ends the fit.
        on_cycle: called after the last step of each cycle.
    """

    module: nn.Module
    batches: Batches
    measures: Measures
    plan: Plan
    optimizer: ScheduledOptimizer
    learning: tuple[bool, ...]
    recorder: Recorder
    on_epoch: Callable[[EpochRecord], bool]
    on_cycle: Callable[[], None]
    epochs_done: int = 0
    stopped: bool = False
    torn: bool = False

    @property
    def steps(self) -> int:
        """How many steps there are in total."""
        return self.plan.epochs * self.batches.per_epoch

    def run(self, progress: bool) -> None:
        """Take all steps that are left."""
        with restoring_modes(self.module), _bar(self, progress) as bar:
            train_mode(self.module)
            while not self.stopped:
                taken = self.optimizer.steps_taken
                if taken == (self.epochs_done + 1) * self.batches.per_epoch:
                    self._end_epoch()
                    bar.set_postfix_str(str(self.recorder.epochs[-1]))
                elif taken == self.steps:
                    break
                else:
                    self._step(taken)
                    bar.update()

    def _step(self, number: int) -> None:
        inputs, targets = self.batches[number]
        place = WITHIN, self.batches.fit, number
        with (
            self._all_or_nothing(),
            torch.enable_grad(),
            seeded(self.batches.device, self.batches.seed, *place),
        ):
            loss = _scalar(self.measures.loss(self.module(inputs), targets))
            self._require_finite(float(loss.detach()), number)
            self.optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]  # of torch
            with uninterrupted():
                self._move(float(loss.detach()))

    def _move(self, loss: float) -> None:
        rates = iter(self.optimizer.rates)
        self.torn = True
        self.optimizer.step()
        self.recorder.add_batch(loss, [next(rates) if learns else 0.0 for learns in self.learning])
        self.torn = False

    @contextmanager
    def _all_or_nothing(self) -> Iterator[None]:
        """Put the buffers back if the step was not taken."""
        taken = self.optimizer.steps_taken
        buffers = [(buffer, buffer.clone()) for buffer in self.module.buffers()]
        try:
            yield
        except BaseException:
            if self.optimizer.steps_taken == taken:
                with torch.no_grad():
                    for buffer, saved in buffers:
                        buffer.copy_(saved)
            raise

    def _end_epoch(self) -> None:
        valid_loss, metrics = measure(self.module, self.measures, self.batches)
        with uninterrupted():
            self.epochs_done += 1
            self.recorder.add_epoch(self.batches.per_epoch, valid_loss, metrics)
            if self.epochs_done in self.plan.cycle_ends:
                self.on_cycle()
            self.stopped = self.on_epoch(self.recorder.epochs[-1])

    def _require_finite(self, loss: float, number: int) -> None:
        if loss - loss != 0:  # NaN and infinity alike
            rates = ", ".join(f"{rate:.3g}" for rate in self.optimizer.rates)
            raise DivergenceError(
                f"training diverged: the loss is {loss} at step {number} of this fit, with a "
                f"learning rate of {rates}. Lower the rate tenfold and start from fresh weights; "
                "lr_find() shows where it explodes. If it is the first step, look for NaN in the "
                "inputs."
            )


def measure(
    module: nn.Module, measures: Measures, batches: Batches
) -> tuple[float, dict[str, float]]:
    """The loss and the metrics on the validation set."""
    scores = scores_of(module, measures.examples.inputs, batches.size, batches.device)
    targets = measures.examples.targets.to(batches.device)
    loss = float(_scalar(measures.loss(scores, targets)))
    return loss, {name: float(metric(scores, targets)) for name, metric in measures.metrics.items()}


def scores_of(
    module: nn.Module, inputs: torch.Tensor, size: int, device: torch.device
) -> torch.Tensor:
    """What the module gives for all inputs, in evaluation mode, batch by batch."""
    with evaluating(module):
        return torch.cat([module(part.to(device)) for part in torch.split(inputs, size)])


def _scalar(loss: Any) -> torch.Tensor:
    if not isinstance(loss, torch.Tensor) or loss.ndim != 0:
        hint = "Average over the batch, as torch.nn.functional.cross_entropy does."
        got = f"one that returns {describe(loss)}"
        raise ArgumentTypeError("loss", got, "a function that returns a scalar tensor", hint)
    return loss


def _bar(training: Training, progress: bool) -> Any:
    """A progress bar, where somebody looks at it: on a terminal or in a notebook."""
    seen = "ipykernel" in sys.modules or sys.stderr.isatty()
    return tqdm(
        total=training.steps,
        initial=training.optimizer.steps_taken,
        desc="fit",
        unit="batch",
        disable=not (progress and seen),
    )
