"""What a learner did: every batch and every epoch, in the order in which they came."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float64

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["EpochRecord", "Recorder"]


@dataclass(frozen=True)
class EpochRecord:
    """One epoch.

    Attributes:
        epoch: its number, from 0, over all fits.
        steps: how many steps had been taken at its end, over all fits.
        train_loss: the mean of the losses of its batches, each before its step; so it is that
            of a network that is learning, with augmentation and dropout.
        valid_loss: the loss on the validation set at its end.
        metrics: the metrics there, by name.

    Example:
        >>> print(EpochRecord(0, 42, 0.5, 0.25, {"accuracy": 0.9}))
        epoch 0: train loss 0.5000, valid loss 0.2500, accuracy 0.9000
    """

    epoch: int
    steps: int
    train_loss: float
    valid_loss: float
    metrics: Mapping[str, float]

    def __str__(self) -> str:
        measured = "".join(f", {name} {value:.4f}" for name, value in self.metrics.items())
        return (
            f"epoch {self.epoch}: train loss {self.train_loss:.4f}, "
            f"valid loss {self.valid_loss:.4f}{measured}"
        )


@dataclass
class Recorder:
    """Everything that a learner measured while it trained.

    Attributes:
        batch_losses: of each step, before the weights moved.
        batch_rates: of each step, the rate of every group of layers; 0 for a frozen one.
        epochs: one record each.

    Example:
        >>> recorder = Recorder()
        >>> recorder.add_batch(0.7, (0.01, 0.1))
        >>> recorder.losses, recorder.rates
        (array([0.7]), array([[0.01, 0.1 ]]))
    """

    batch_losses: list[float] = field(default_factory=list)
    batch_rates: list[tuple[float, ...]] = field(default_factory=list)
    epochs: list[EpochRecord] = field(default_factory=list)

    @property
    def losses(self) -> Float64[np.ndarray, " steps"]:
        """The loss of each step."""
        return np.array(self.batch_losses, dtype=np.float64)

    @property
    def rates(self) -> Float64[np.ndarray, "steps groups"]:
        """The rate of each step and group of layers."""
        rows = np.array(self.batch_rates, dtype=np.float64)
        return rows if self.batch_rates else rows.reshape(0, 0)

    def add_batch(self, loss: float, rates: Sequence[float]) -> None:
        """Note a step."""
        self.batch_losses.append(loss)
        self.batch_rates.append(tuple(rates))

    def add_epoch(self, batches: int, valid_loss: float, metrics: Mapping[str, float]) -> None:
        """Note the end of an epoch of so many batches."""
        train_loss = float(np.mean(self.batch_losses[-batches:]))
        steps = len(self.batch_losses)
        number = len(self.epochs)
        self.epochs.append(EpochRecord(number, steps, train_loss, valid_loss, metrics))

    def plot_losses(self) -> "Figure":
        """The loss of each batch and of the validation set, as a matplotlib `Figure`."""
        from course.figures.learner import learner_losses

        return learner_losses(self)

    def plot_rates(self) -> "Figure":
        """The rate of each group in each step, above the metric, as a matplotlib `Figure`."""
        from course.figures.learner import learner_rates

        return learner_rates(self)
