"""Test-time augmentation: let the network look at several views of an image, and average.

Averaged are *probabilities*. The mean of logits or of log-probabilities is another number, even
where it picks the same class: it lets one very sure view outvote the others.

Two weightings are in use. fast.ai 0.7 takes the mean over the original and all copies alike;
fastai 2 (`beta=0.25`) gives the original a quarter and the mean of the copies three quarters.
"""

from typing import Literal

import torch
from jaxtyping import Float
from torch import nn

from course.arrays import require_count
from course.augmentation import Augmentation
from course.augmentation.arguments import require_call, require_choice
from course.finetuning.modes import evaluating, require_module
from course.finetuning.snapshots import probabilities

__all__ = ["predict_with_tta"]

Weighting = Literal["mean", "fastai2"]


def predict_with_tta(
    model: nn.Module,
    images: Float[torch.Tensor, "N C H W"],
    augment: Augmentation,
    copies: int = 4,
    *,
    weighting: Weighting = "mean",
    generator: torch.Generator,
) -> Float[torch.Tensor, "N classes"]:
    r"""The averaged probabilities of an image and of so many augmented copies.

    .. math:: p = \frac{1}{K + 1} \Bigl(p_0 + \sum_{k=1}^{K} p_k\Bigr)
        \qquad \text{or} \qquad p = \tfrac14\, p_0 + \tfrac34\, \frac1K \sum_{k=1}^{K} p_k

    with ``p_0`` from the images as they are, ``p_k`` from the k-th copy and ``K`` = `copies`:
    the first is `weighting` "mean", the second "fastai2". Without copies both are ``p_0``.

    The model runs in evaluation mode without autograd; each of its layers then has the mode
    that it had.

    Args:
        model: gives (N, C) scores.
        images: (N, C, H, W), on the device of the model.
        augment: draws a view of each image; see `course.augmentation`.
        copies: how many views beside the original, at least 0.
        weighting: "mean" (fast.ai 0.7) or "fastai2".
        generator: draws the views; on the device of the images.

    Returns:
        (N, classes), rows that sum to 1.

    Raises:
        ArgumentTypeError, ArgumentValueError: a model, images, copies, a weighting or a
            generator that cannot be right.

    Example:
        >>> from course.augmentation import random_flip
        >>> model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
        >>> images, generator = torch.rand(2, 1, 4, 4), torch.Generator().manual_seed(0)
        >>> predict_with_tta(model, images, random_flip(), 8, generator=generator).shape
        torch.Size([2, 3])

    Source: fast.ai, lesson 2, `learn.TTA()`.
    """
    require_module("model", model)
    require_call(images, generator)
    count = require_count("copies", copies, at_least=0)
    rule = require_choice("weighting", weighting, ("mean", "fastai2"))
    with evaluating(model):
        original = probabilities(model, images)
        views = [probabilities(model, augment(images, generator)) for _ in range(count)]
    if not views:
        return original
    weight = 1 / (count + 1) if rule == "mean" else 0.25
    return weight * original + (1 - weight) * torch.stack(views).mean(dim=0)
