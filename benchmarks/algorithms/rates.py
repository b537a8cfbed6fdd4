"""What the range test and a scheduled optimizer add to the training that they drive."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from benchmarks.algorithms.row import Row, paired
from course.lr_finder import lr_range_test
from course.models import small_convnet
from course.schedules import ScheduledOptimizer, warm_restarts

__all__ = ["rows"]

Batch = tuple[torch.Tensor, torch.Tensor]
STEPS = 100


def rows() -> Iterator[Row]:
    """The range test against as many bare steps, and a scheduled step against a bare one."""
    yield range_test_against_bare_steps()
    yield scheduled_training_against_bare_training()
    yield scheduled_step_against_a_bare_step()
    yield scheduled_step_against_torchs_scheduler()


def network() -> nn.Sequential:
    """A small convolutional network with batch normalisation, for images of 16 x 16."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.Linear(32, 10),
    )


def batches() -> list[Batch]:
    """Ten batches of 32 random images, always the same."""
    generator = torch.Generator().manual_seed(0)
    return [
        (
            torch.randn(32, 1, 16, 16, generator=generator),
            torch.randint(0, 10, (32,), generator=generator),
        )
        for _ in range(10)
    ]


def train(model: nn.Module, optimizer: torch.optim.Optimizer | ScheduledOptimizer) -> None:
    """Bare training, which keeps the losses."""
    data, losses = batches(), []
    for step in range(STEPS):
        inputs, targets = data[step % len(data)]
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), targets)
        losses.append(loss.item())
        loss.backward()
        optimizer.step()


def range_test_against_bare_steps() -> Row:
    """The rates stay small, so that no step is cheaper for its infinities."""
    model, data = network(), batches()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)

    def test() -> None:
        lr_range_test(model, data, cross_entropy, optimizer, steps=STEPS, start=1e-7, end=1e-3)

    measured = paired(test, lambda: train(model, optimizer))
    return Row(f"lr_range_test / {STEPS} bare steps, small CNN", measured, 1.05)


def scheduled_training_against_bare_training() -> Row:
    """A whole training step: forward, backward, update."""
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-5, momentum=0.9)
    scheduled = ScheduledOptimizer(optimizer, warm_restarts(1e-5, 0.0, 10, 2))
    measured = paired(lambda: train(model, scheduled), lambda: train(model, optimizer))
    return Row("training step, scheduled / bare, small CNN", measured, 1.03)


def with_gradients() -> nn.Module:
    """The network that the course trains on letters, with gradients to step along."""
    model = small_convnet(26)
    inputs = torch.rand(32, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    cross_entropy(model(inputs), torch.arange(32) % 26).backward()
    return model


def scheduled_step_against_a_bare_step() -> Row:
    """Only the update of the weights, without forward and backward."""
    model = with_gradients()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    scheduled = ScheduledOptimizer(optimizer, warm_restarts(1e-5, 0.0, 10, 2))

    def ours() -> None:
        for _ in range(STEPS):
            scheduled.step()

    def bare() -> None:
        for _ in range(STEPS):
            optimizer.step()

    return Row(
        "optimizer step alone (Adam, small_convnet), scheduled / bare",
        paired(ours, bare, 101),
        1.03,
    )


def scheduled_step_against_torchs_scheduler() -> Row:
    """The same restarts by torch's own scheduler."""
    model = with_gradients()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-5)
    scheduled = ScheduledOptimizer(optimizer, warm_restarts(1e-5, 0.0, 10, 2))
    theirs = torch.optim.Adam(model.parameters(), lr=1e-5)
    scheduler = CosineAnnealingWarmRestarts(theirs, 10, 2)

    def ours() -> None:
        for _ in range(STEPS):
            scheduled.step()

    def other() -> None:
        for _ in range(STEPS):
            theirs.step()
            scheduler.step()

    return Row(
        "optimizer step alone (Adam, small_convnet), scheduled / torch's scheduler",
        paired(ours, other, 41),
        1.03,
    )
