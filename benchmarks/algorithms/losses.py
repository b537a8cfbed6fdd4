"""The losses of the library against torch's fused ones, forward and backward."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import torch
from torch.nn.functional import cross_entropy, multi_margin_loss

from benchmarks.algorithms.row import Row, paired
from course.losses import multiclass_hinge, softmax_cross_entropy

__all__ = ["rows"]

Loss = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
EXAMPLES, CLASSES = 4096, 1000
GOAL = 1.2


def rows() -> Iterator[Row]:
    """Each loss alone, and with its gradient."""
    for name, ours, other in (
        ("softmax_cross_entropy / F.cross_entropy", softmax_cross_entropy, cross_entropy),
        ("multiclass_hinge / C * F.multi_margin_loss", multiclass_hinge, torchs_hinge),
    ):
        size = f"{EXAMPLES} x {CLASSES}"
        yield Row(f"{name}, {size}, forward", paired(forward(ours), forward(other)), GOAL)
        both = paired(forward_and_backward(ours), forward_and_backward(other))
        yield Row(f"{name}, {size}, forward and backward", both, GOAL)


def torchs_hinge(scores: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Torch divides the sum over the wrong classes by C."""
    return scores.shape[1] * multi_margin_loss(scores, targets)


def batch() -> tuple[torch.Tensor, torch.Tensor]:
    """Random scores in single precision, always the same, and a class for each row."""
    generator = torch.Generator().manual_seed(0)
    scores = torch.randn(EXAMPLES, CLASSES, generator=generator)
    return scores, torch.randint(0, CLASSES, (EXAMPLES,), generator=generator)


def forward(loss: Loss) -> Callable[[], object]:
    """The loss of the batch, without a graph."""
    scores, targets = batch()
    return lambda: loss(scores, targets)


def forward_and_backward(loss: Loss) -> Callable[[], object]:
    """The loss of the batch and its gradient by autograd."""
    scores, targets = batch()
    scores.requires_grad_()

    def run() -> None:
        scores.grad = None
        loss(scores, targets).backward()

    return run
