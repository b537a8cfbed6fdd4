"""Snapshots: the network as it was at the end of each cycle, and their common vote.

Each warm restart leaves a minimum and finds another one; the networks of the minima err on
different images. A snapshot is a deep copy: the network that goes on training does not change
it. The vote is the mean of the *probabilities*. (The mean of the weights is another method,
stochastic weight averaging; the mean of the logits lets the most extreme network decide.)
"""

import copy
from collections.abc import Iterator, Sequence

import torch
from jaxtyping import Float
from torch import nn

from course.errors import ArgumentValueError
from course.finetuning.modes import evaluating, require_module

__all__ = ["Snapshots", "probabilities", "snapshot_ensemble"]


class Snapshots(Sequence[nn.Module]):
    """Collects deep copies of a network, in evaluation mode and without gradients.

    Args:
        keep: only the last so many; None for all.

    Example:
        >>> model, snapshots = nn.Linear(1, 2), Snapshots()
        >>> snapshots.take(model)
        >>> _ = nn.init.zeros_(model.weight)
        >>> len(snapshots), bool((snapshots[0].weight == 0).any())
        (1, False)

    Source: Huang et al., "Snapshot ensembles", ICLR 2017.
    """

    def __init__(self, keep: int | None = None) -> None:
        if keep is not None and keep < 1:
            hint = "Leave it out to keep all of them."
            raise ArgumentValueError("keep", repr(keep), "at least 1", hint)
        self._keep = keep
        self._models: list[nn.Module] = []

    def take(self, model: nn.Module) -> None:
        """Add a copy of the model as it is now.

        Raises:
            ArgumentTypeError: if it is no module.
        """
        taken = copy.deepcopy(require_module("model", model)).eval()
        for parameter in taken.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None
        self._models.append(taken)
        if self._keep is not None:
            del self._models[: -self._keep]

    def __len__(self) -> int:
        return len(self._models)

    def __getitem__(self, index):  # type: ignore[no-untyped-def]  # an index or a slice
        return self._models[index]

    def __iter__(self) -> Iterator[nn.Module]:
        return iter(self._models)


def snapshot_ensemble(
    snapshots: Sequence[nn.Module], images: Float[torch.Tensor, "N ..."]
) -> Float[torch.Tensor, "N classes"]:
    r"""The mean of the probabilities that the snapshots give.

    .. math:: p(x) = \frac{1}{M} \sum_{m=1}^{M} \operatorname{softmax}(f_m(x))

    Args:
        snapshots: M networks, each giving (N, C) scores; their modes are kept.
        images: on the device of the networks.

    Returns:
        (N, C), rows that sum to 1, at least in float32.

    Raises:
        ArgumentTypeError: if one of them is no module.
        ArgumentValueError: if there is none.

    Example:
        >>> sure, torn = nn.Identity(), nn.Threshold(99, 0.0)  # gives what it gets; all 0
        >>> snapshot_ensemble([sure, torn], torch.tensor([[0.0, 50.0]]))
        tensor([[0.2500, 0.7500]])

    Source: Huang et al., "Snapshot ensembles", ICLR 2017, section 3.
    """
    models = list(snapshots)
    if not models:
        hint = "Take at least one: snapshots.take(model)."
        raise ArgumentValueError("snapshots", "none", "at least one network", hint)
    return torch.stack([probabilities(model, images) for model in models]).mean(dim=0)


def probabilities(
    model: nn.Module, images: Float[torch.Tensor, "N ..."]
) -> Float[torch.Tensor, "N classes"]:
    """The softmax of the model's scores, in evaluation mode, without autograd.

    Example:
        >>> probabilities(nn.Identity(), torch.zeros(1, 2))
        tensor([[0.5000, 0.5000]])
    """
    with evaluating(require_module("model", model)):
        scores = model(images)
        return torch.softmax(scores.to(torch.promote_types(scores.dtype, torch.float32)), dim=1)
