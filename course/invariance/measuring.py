"""How features are compared: the model at rest, and distances between whole images.

Guarantees: no gradients are kept, batch normalisation and dropout are in evaluation mode while
measuring, and every module's own mode is put back afterwards.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import nn

from course.arrays import describe
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["Features", "at_rest", "distance_between_images", "layers_of", "norms", "rows_of"]

Features = Callable[[torch.Tensor], torch.Tensor]


@contextmanager
def at_rest(*models: object) -> Iterator[None]:
    """Without gradients, with every module in evaluation mode; as before afterwards.

    Example:
        >>> model = nn.Dropout()
        >>> with at_rest(model):
        ...     model.training
        False
        >>> model.training
        True
    """
    modules = [part for model in models if isinstance(model, nn.Module) for part in model.modules()]
    modes = [(part, part.training) for part in modules]
    try:
        for part in modules:
            part.training = False
        with torch.no_grad():
            yield
    finally:
        for part, training in modes:
            part.training = training


def rows_of(name: str, features: object, count: int) -> torch.Tensor:
    """The output of a model for `count` images as rows, (count, D), checked."""
    if not isinstance(features, torch.Tensor):
        hint = "It must map a batch of images to one tensor."
        raise ArgumentTypeError(name, describe(features), "a function to a torch tensor", hint)
    if features.ndim < 1 or len(features) != count or not bool(torch.isfinite(features).all()):
        expected = f"finite features with {count} rows, one for each image"
        hint = "Keep the first axis for the images, and look for a diverged weight."
        raise ArgumentValueError(name, describe(features), expected, hint)
    return features.reshape(count, -1)


def norms(rows: torch.Tensor) -> torch.Tensor:
    """The Euclidean norm of each row."""
    lengths: torch.Tensor = torch.linalg.vector_norm(rows, dim=1)
    return lengths


def distance_between_images(rows: torch.Tensor) -> float:
    """The mean distance of two different images in feature space: the yardstick.

    Example:
        >>> distance_between_images(torch.tensor([[0.0], [3.0], [0.0]]))
        2.0
    """
    if len(rows) < 2:
        hint = "The distance between two images is the yardstick, so there must be two."
        raise ArgumentValueError("images", f"{len(rows)} image", "at least 2 images", hint)
    distance = float(torch.pdist(rows).mean())
    if distance == 0:
        hint = "A constant feature tells no two images apart; it has no yardstick."
        raise ArgumentValueError("images", "equal features for all images", "different ones", hint)
    return distance


def layers_of(layers: object) -> Sequence[tuple[str, nn.Module]]:
    """The (name, layer) pairs of a Sequential, a dict or a list of modules, in their order."""
    if isinstance(layers, nn.Sequential):
        return list(layers.named_children())
    if isinstance(layers, Mapping) and all(isinstance(p, nn.Module) for p in layers.values()):
        return [(str(name), part) for name, part in layers.items()]
    if isinstance(layers, Sequence) and all(isinstance(part, nn.Module) for part in layers):
        return [(str(number), part) for number, part in enumerate(layers)]
    expected = "a torch.nn.Sequential, or a list or dict of modules"
    hint = "For a model with a body and a head pass [*model.body, model.head]."
    raise ArgumentTypeError("layers", describe(layers), expected, hint)
