"""What pooling saves: fewer activations to keep, fewer multiplications to do.

The option chosen: the model is run once on torch's meta device, which computes shapes and no
numbers, with its pooling and again without; so the counts are those of the layers that really
run, and nothing of the caller's model is touched. Counted are convolutions, linear layers and
blurs; adding a bias, a maximum, a mean and batch normalisation multiply nothing here.
"""

import copy
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.invariance.blur import BlurPool, MaxBlurPool

__all__ = ["LayerCost", "PoolingCost", "pooling_cost"]

POOLING = (nn.MaxPool2d, nn.AvgPool2d, BlurPool, MaxBlurPool)


@dataclass(frozen=True)
class LayerCost:
    """What one layer costs for one image.

    Attributes:
        name: its path in the model.
        kind: its class.
        shape: of its output, without the batch.
        activations: how many numbers it puts out.
        multiply_adds: how many products it sums.
    """

    name: str
    kind: str
    shape: tuple[int, ...]
    activations: int
    multiply_adds: int


@dataclass(frozen=True)
class PoolingCost:
    """The layers of a model as it is, and as it would be if no pooling layer dropped a pixel.

    Attributes:
        pooled: the layers of the model, in the order in which they run.
        unpooled: the same with every pooling layer left out.
    """

    pooled: tuple[LayerCost, ...]
    unpooled: tuple[LayerCost, ...]

    @property
    def activations(self) -> tuple[int, int]:
        """The activations of all layers, with pooling and without."""
        return (
            sum(layer.activations for layer in self.pooled),
            sum(layer.activations for layer in self.unpooled),
        )

    @property
    def multiply_adds(self) -> tuple[int, int]:
        """The multiply-adds of all layers, with pooling and without."""
        return (
            sum(layer.multiply_adds for layer in self.pooled),
            sum(layer.multiply_adds for layer in self.unpooled),
        )


def pooling_cost(model: nn.Module, input_shape: Sequence[int]) -> PoolingCost:
    r"""Count activations and multiply-adds of a model, with and without its pooling.

    .. math:: \text{convolution: } H' W' C' \cdot k_h k_w C / g, \qquad
              \text{linear: } D \cdot D', \qquad \text{blur: } H' W' C \cdot k^2

    per image, where the primed sizes are those of the output and ``g`` is the number of groups.
    Pooling by S in both directions makes every convolution after it S^2 times as cheap. Without
    pooling a linear layer is counted with as many inputs as it would then have. Global pooling
    (`torch.nn.AdaptiveAvgPool2d`) stays: it is how the head gets a vector. Strides of
    convolutions stay too.

    Args:
        model: built of modules; it is copied, never changed.
        input_shape: (channels, height, width) of one image.

    Raises:
        ArgumentTypeError: if `model` is no module or `input_shape` no whole numbers.
        ArgumentValueError: if `input_shape` is not three numbers of at least 1.

    Example:
        >>> model = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.MaxPool2d(2),
        ...                       nn.Conv2d(4, 8, 3, padding=1))
        >>> cost = pooling_cost(model, (1, 8, 8))
        >>> cost.multiply_adds  # 64 * 4 * 9 + 16 * 8 * 36, and 64 * 8 * 36 for the second
        (6912, 20736)

    Source: STATS385, lecture 2: pooling reduces the dimension and with it the computation.
    """
    _require_module(model)
    if len(input_shape) != 3:
        hint = "Leave out the batch."
        got, expected = repr(input_shape), "(channels, height, width)"
        raise ArgumentValueError("input_shape", got, expected, hint)
    shape = tuple(require_count("input_shape", side) for side in input_shape)
    return PoolingCost(_count(model, shape, keep=True), _count(model, shape, keep=False))


def _require_module(model: object) -> None:
    if not isinstance(model, nn.Module):
        hint = "Wrap functions in a module, or layers in torch.nn.Sequential."
        raise ArgumentTypeError("model", describe(model), "a torch.nn.Module", hint)


class _FreeLinear(nn.Module):
    """Stands for a linear layer that takes however many inputs there are."""

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.outputs = outputs

    def forward(self, rows: torch.Tensor) -> torch.Tensor:
        return rows.new_zeros((*rows.shape[:-1], self.outputs))


def _count(model: nn.Module, shape: tuple[int, ...], *, keep: bool) -> tuple[LayerCost, ...]:
    """Run a copy of the model on shapes alone, and note each layer that runs."""
    stand_in = nn.ModuleDict({"model": copy.deepcopy(model).to("meta").eval()})
    if not keep:
        _leave_out_pooling(stand_in)
    costs: list[LayerCost] = []
    for path, part in stand_in.named_modules():
        if _is_layer(part):
            name = path.removeprefix("model").removeprefix(".")
            part.register_forward_hook(_noting(costs, name))
    parameter = next(model.parameters(), None)
    dtype = torch.float32 if parameter is None else parameter.dtype
    with torch.no_grad():
        stand_in["model"](torch.zeros((1, *shape), device="meta", dtype=dtype))
    return tuple(costs)


def _leave_out_pooling(module: nn.Module) -> None:
    for name, child in list(module.named_children()):
        if isinstance(child, POOLING):
            setattr(module, name, nn.Identity())
        elif isinstance(child, nn.Linear):
            setattr(module, name, _FreeLinear(child.out_features))
        else:
            _leave_out_pooling(child)


def _is_layer(part: nn.Module) -> bool:
    """Whether it is counted as a whole, and is not only a container or left out."""
    return not list(part.children()) and not isinstance(part, nn.Identity)


def _noting(costs: list[LayerCost], name: str) -> Any:
    def note(layer: nn.Module, arguments: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        shape = tuple(output.shape[1:])
        kind = "Linear" if isinstance(layer, _FreeLinear) else type(layer).__name__
        products = math.prod(shape) * _products(layer, arguments[0])
        costs.append(LayerCost(name, kind, shape, math.prod(shape), products))

    return note


def _products(layer: nn.Module, received: torch.Tensor) -> int:
    """How many products make one activation."""
    if isinstance(layer, nn.Conv2d):
        return math.prod(layer.kernel_size) * layer.in_channels // layer.groups
    if isinstance(layer, nn.Linear | _FreeLinear):
        return received.shape[-1]
    return layer.size**2 if isinstance(layer, BlurPool) else 0
