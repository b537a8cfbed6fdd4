"""Precomputed activations: run the frozen body once, and train the head on what it gave.

A frozen body in evaluation mode gives the same activations for an image in every epoch, so an
epoch of the head costs next to nothing. The cache is only as good as these assumptions: nothing
is augmented, the order of the examples is known, and the body stays as it is.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import torch
from jaxtyping import Float
from torch import nn
from torch.utils.data import DataLoader, RandomSampler, SubsetRandomSampler, WeightedRandomSampler

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.finetuning.modes import evaluating, require_module

__all__ = ["body_and_head", "precompute_activations"]

SHUFFLING = RandomSampler, SubsetRandomSampler, WeightedRandomSampler


def precompute_activations(
    body: nn.Module, images: torch.Tensor | Iterable[Any], *, batch_size: int = 256
) -> Float[torch.Tensor, "N ..."]:
    """What the body gives for each image, in the order of the images.

    The body runs in evaluation mode and without autograd; afterwards each of its layers has the
    mode that it had. What the head makes of row i is what the whole network makes of image i.

    Args:
        body: the network without its head.
        images: (N, ...), a tensor; or an iterable of batches, such as a `DataLoader` that does
            not shuffle. A batch is a tensor, or a tuple whose first part is one.
        batch_size: how many images of a tensor run at a time.

    Returns:
        (N, ...), on the device of the body.

    Raises:
        ArgumentTypeError: if `body` is no module, or a batch holds no tensor.
        ArgumentValueError: if there is no image, or the loader shuffles: the labels would no
            longer fit.

    Example:
        >>> body = nn.Sequential(nn.Flatten(), nn.Linear(4, 3), nn.ReLU())
        >>> images = torch.rand(5, 1, 2, 2)
        >>> cache = precompute_activations(body, images, batch_size=2)
        >>> cache.shape, cache.requires_grad, torch.allclose(cache, body(images))
        (torch.Size([5, 3]), False, True)

    Source: fast.ai, lesson 2, ``precompute=True``.
    """
    require_module("body", body)
    _refuse_shuffling(images)
    size = require_count("batch_size", batch_size)
    batches = torch.split(images, size) if isinstance(images, torch.Tensor) else images
    device = next((parameter.device for parameter in body.parameters()), None)
    with evaluating(body):
        parts = [body(batch.to(device)) for batch in _inputs(batches)]
    if not parts or sum(map(len, parts)) == 0:
        hint = "Check that the data set is not empty."
        raise ArgumentValueError("images", "none", "at least one", hint)
    return torch.cat(parts)


def body_and_head(model: nn.Module) -> tuple[nn.Module, nn.Module]:
    """The two parts of a network: all that sees, and the last layer, which decides.

    Args:
        model: with the attributes `body` and `head`; or a `Sequential`, whose last layer is the
            head.

    Returns:
        The body and the head, which share their parameters with the model.

    Raises:
        ArgumentTypeError: if `model` is no module.
        ArgumentValueError: if it has no such parts.

    Example:
        >>> body, head = body_and_head(nn.Sequential(nn.Flatten(), nn.ReLU(), nn.Linear(4, 2)))
        >>> len(body), head.out_features
        (2, 2)
    """
    require_module("model", model)
    body, head = getattr(model, "body", None), getattr(model, "head", None)
    if isinstance(body, nn.Module) and isinstance(head, nn.Module):
        return body, head
    if isinstance(model, nn.Sequential) and len(model) >= 2:
        return model[:-1], model[-1]
    expected = "a model with a body and a head"
    hint = "Name its parts body and head, or wrap them: nn.Sequential(body, head)."
    raise ArgumentValueError("model", f"a {type(model).__name__}", expected, hint)


def _inputs(batches: Iterable[Any]) -> Iterator[torch.Tensor]:
    for batch in batches:
        inputs = batch[0] if isinstance(batch, tuple | list) and batch else batch
        if not isinstance(inputs, torch.Tensor):
            hint = "Batches are tensors, or tuples that begin with one."
            raise ArgumentTypeError("images", f"a batch that is {describe(batch)}", "images", hint)
        yield inputs


def _refuse_shuffling(images: object) -> None:
    """Refuse a loader whose order is drawn, also where its sampler sits in a batch sampler."""
    if isinstance(images, DataLoader):
        holders = images.sampler, getattr(images.batch_sampler, "sampler", None)
        if any(isinstance(holder, SHUFFLING) for holder in holders):
            hint = "Make it with shuffle=False; shuffle the cached activations with their labels."
            got = "a loader that shuffles"
            raise ArgumentValueError("images", got, "a loader that keeps the order", hint)
