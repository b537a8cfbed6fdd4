"""The examples of a learner, in memory, and the batches that they are drawn in.

The option chosen: a learner draws its batches itself. A `DataLoader` cannot say which batch
comes next without drawing all those before it, so a training that was interrupted in the middle
of an epoch could not go on with the same one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, default_collate

from course.arrays import describe
from course.augmentation import Augmentation
from course.data import LabelledImages
from course.errors import ArgumentTypeError, ArgumentValueError
from course.learner.randomness import ORDER, VIEWS, generator_on

__all__ = ["Batches", "Examples", "as_examples"]

Batch = tuple[torch.Tensor, torch.Tensor]


@dataclass(frozen=True, eq=False)
class Examples:
    """Inputs, or the body's activations for them, and their targets.

    Example:
        >>> len(Examples(torch.zeros(4, 3), torch.zeros(4)))
        4
    """

    inputs: torch.Tensor
    targets: torch.Tensor

    def __len__(self) -> int:
        return len(self.targets)


def as_examples(name: str, data: Any) -> Examples:
    """Read examples into memory from whatever they come as.

    Args:
        name: of the argument.
        data: a pair of tensors, a `LabelledImages`, or a map-style `Dataset` of pairs.

    Example:
        >>> as_examples("train", (torch.zeros(4, 3), torch.zeros(3)))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: train: expected as many targets as inputs, \
got 4 inputs and 3 targets. Check that both hold the same examples.
    """
    inputs, targets = _pair(name, data)
    if len(inputs) != len(targets):
        got = f"{len(inputs)} inputs and {len(targets)} targets"
        hint = "Check that both hold the same examples."
        raise ArgumentValueError(name, got, "as many targets as inputs", hint)
    if len(inputs) == 0:
        hint = "Check that the data set is not empty."
        raise ArgumentValueError(name, "none", "at least one example", hint)
    return Examples(inputs.detach(), targets.detach())


def _pair(name: str, data: Any) -> Batch:
    expected = "a pair of tensors, a LabelledImages or a map-style Dataset"
    if isinstance(data, LabelledImages):
        return data.to_tensors()
    if isinstance(data, DataLoader):
        hint = "Pass loader.dataset and batch_size=...: a learner draws its batches itself."
        raise ArgumentTypeError(name, "a DataLoader", expected, hint)
    if isinstance(data, Dataset):
        items = [data[i] for i in range(len(data))]  # type: ignore[arg-type]  # map-style
        data = default_collate(items) if items else (torch.empty(0), torch.empty(0))
    match data:
        case (torch.Tensor() as inputs, torch.Tensor() as targets):
            return inputs, targets
    raise ArgumentTypeError(name, describe(data), expected, "Write (images, labels).")


@dataclass(frozen=True, eq=False)
class Batches:
    """The batches of one fit: the k-th one is known without those before it.

    Each epoch holds every example once, in an order of its own; its last batch holds what is
    left over. Iterating gives one epoch after the other, without end.

    Example:
        >>> examples = Examples(torch.arange(5), torch.arange(5))
        >>> batches = Batches(examples, 2, seed=0, fit=0, device=torch.device("cpu"))
        >>> batches.per_epoch, sorted(int(x) for k in range(3) for x in batches[k][0])
        (3, [0, 1, 2, 3, 4])
    """

    examples: Examples
    size: int
    seed: int
    fit: int
    device: torch.device
    augment: Augmentation | None = None

    @property
    def per_epoch(self) -> int:
        """How many batches an epoch has."""
        return -(-len(self.examples) // self.size)

    def __getitem__(self, step: int) -> Batch:
        epoch, position = divmod(step, self.per_epoch)
        generator = generator_on(torch.device("cpu"), self.seed, ORDER, self.fit, epoch)
        order = torch.randperm(len(self.examples), generator=generator)
        chosen = order[position * self.size : (position + 1) * self.size]
        inputs = self.examples.inputs[chosen.to(self.examples.inputs.device)].to(self.device)
        targets = self.examples.targets[chosen.to(self.examples.targets.device)].to(self.device)
        if self.augment is not None:
            views = generator_on(self.device, self.seed, VIEWS, self.fit, step)
            inputs = self.augment(inputs, views)
        return inputs, targets

    def __iter__(self) -> Iterator[Batch]:
        step = 0
        while True:
            yield self[step]
            step += 1
