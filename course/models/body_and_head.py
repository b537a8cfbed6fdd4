"""A network as the course takes it apart: a body that sees, and a head that decides.

Everything that transfer learning does hangs on that cut: the body's activations can be computed
once and kept, the head trained alone or replaced, and the groups of layers given learning rates
that grow towards the head. The option chosen is one small class with two attributes and a list
of groups; torchvision's networks, each with names of its own, need a table to find theirs.
"""

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import nn

from course.arrays import require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.models.seeding import seeded

__all__ = ["BodyAndHead", "replace_head"]


class BodyAndHead(nn.Module):
    """A body that turns images into features, and a head that turns features into scores.

    Args:
        body: the stages of the body, from the image upwards; run in this order.
        head: turns what the last stage gives into (N, C) scores.

    Attributes:
        body: the stages as one `torch.nn.Sequential`, so ``model.body(images)`` are features.
        head: the head; ``model.head(model.body(images))`` is ``model(images)``.

    Raises:
        ArgumentValueError: if there is no stage.

    Example:
        >>> model = BodyAndHead([nn.Flatten()], nn.Linear(12, 5))
        >>> model(torch.zeros(2, 3, 2, 2)).shape
        torch.Size([2, 5])
    """

    def __init__(self, body: Sequence[nn.Module], head: nn.Module) -> None:
        super().__init__()
        if len(body) == 0:
            hint = "A head alone is a model of its own."
            raise ArgumentValueError("body", "no stage", "at least one", hint)
        self.body = nn.Sequential(*body)
        self.head = head

    @property
    def groups(self) -> list[nn.Module]:
        """The stages that have weights, from the image upwards, and the head last.

        Each parameter is in exactly one of them: what differential learning rates and gradual
        unfreezing go through.

        Example:
            >>> model = BodyAndHead([nn.Conv2d(3, 4, 3), nn.Flatten()], nn.Linear(4, 5))
            >>> [type(group).__name__ for group in model.groups]
            ['Conv2d', 'Linear']
        """
        parts = [*self.body, self.head]
        return [part for part in parts if next(part.parameters(), None) is not None]

    def forward(
        self, images: Float[torch.Tensor, "N channels height width"]
    ) -> Float[torch.Tensor, "N C"]:
        """Scores, one per class and image; softmax is part of the loss."""
        scores: torch.Tensor = self.head(self.body(images))
        return scores


def replace_head(model: BodyAndHead, classes: int, *, seed: int = 0) -> BodyAndHead:
    """Give the model a fresh linear head for other classes; its body stays as it is.

    Args:
        model: with a `torch.nn.Linear` as its head; it is changed, and returned.
        classes: how many classes the new head tells apart.
        seed: draws the new head's weights.

    Raises:
        ArgumentTypeError: if the head is not linear, or `classes` no integer.
        ArgumentValueError: if there is no class.

    Example:
        >>> model = BodyAndHead([nn.Flatten()], nn.Linear(12, 5))
        >>> replace_head(model, 3).head.weight.shape
        torch.Size([3, 12])
    """
    if not isinstance(model.head, nn.Linear):
        got, hint = f"a {type(model.head).__name__}", "Set model.head yourself."
        raise ArgumentTypeError("model", got, "a model with a linear head", hint)
    count, old = require_count("classes", classes), model.head.weight
    with seeded(seed):
        model.head = nn.Linear(old.shape[1], count).to(device=old.device, dtype=old.dtype)
    return model
