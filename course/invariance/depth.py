"""How invariance grows with depth, in two norms that tell different stories.

The relative change falls with depth even in an untrained network, because max-pooling makes all
features alike: the change is small beside their size, but so is what tells two images apart. The
change divided by the distance between images does not fall before global pooling. So both are
given; neither alone should be trusted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import nn

from course.errors import ArgumentValueError
from course.invariance.arguments import Shift, require_shifts, require_tensor_images
from course.invariance.measuring import at_rest, distance_between_images, layers_of, norms, rows_of
from course.invariance.shifting import shift

__all__ = ["LayerInvariance", "invariance_by_depth"]


@dataclass(frozen=True)
class LayerInvariance:
    """What shifts do to the output of one layer.

    Attributes:
        name: the name of the layer in its Sequential or dict, or its number.
        kind: its class, for instance "Conv2d".
        relative_change: the change by its own size, averaged over images and shifts.
        change_over_distance: the mean change by the mean distance between two images.
    """

    name: str
    kind: str
    relative_change: float
    change_over_distance: float


def invariance_by_depth(
    layers: nn.Sequential | Sequence[nn.Module] | Mapping[str, nn.Module],
    images: Float[torch.Tensor, "N channels height width"],
    shifts: Sequence[Shift],
) -> list[LayerInvariance]:
    r"""What shifts of the input change after each layer, relative to two yardsticks.

    .. math::
        r_n = \operatorname{mean}_{i,t}
        \frac{\|\Phi_n(T_t x_i) - \Phi_n(x_i)\|}{\|\Phi_n(x_i)\|}, \qquad
        d_n = \frac{\operatorname{mean}_{i,t} \|\Phi_n(T_t x_i) - \Phi_n(x_i)\|}
        {\operatorname{mean}_{i < j} \|\Phi_n(x_i) - \Phi_n(x_j)\|}

    with ``Phi_n`` the first n of the `layers`, ``x_i`` the `images` and ``t`` in `shifts`.

    Args:
        layers: run in this order, by the name to show if it is a dict; measured in evaluation
            mode.
        images: at least two, finite, floating-point.
        shifts: pairs (dy, dx), in pixels.

    Returns:
        One record per layer, from the input upwards.

    Raises:
        ArgumentTypeError: no layers, no tensor, or shifts that are no pairs of whole numbers.
        ArgumentValueError: fewer than two images, no shift, features that are 0, equal for all
            images, or not finite.

    Example:
        >>> images = torch.tensor([[1.0, 0, 0, 0], [0, 0, 3.0, 0]]).reshape(2, 1, 1, 4)
        >>> layers = nn.Sequential(nn.Identity(), nn.AdaptiveAvgPool2d(1))
        >>> [round(r.relative_change, 3) for r in invariance_by_depth(layers, images, [(0, 1)])]
        [1.414, 0.0]

    Source: T. Wiatowski and H. Bolcskei, "A mathematical theory of deep convolutional neural
    networks for feature extraction", IEEE Trans. Inf. Theory 64(3), 2018, theorem 1.
    """
    x, moves, parts = require_tensor_images("images", images), require_shifts(shifts), []
    moved = [shift(x, dy, dx) for dy, dx in moves]
    stack = layers_of(layers)
    with at_rest(*(layer for _, layer in stack)):
        for name, layer in stack:
            x, moved = layer(x), [layer(image) for image in moved]
            relative, over_distance = _changes(f"layers[{name}]", x, moved)
            parts.append(LayerInvariance(name, type(layer).__name__, relative, over_distance))
    return parts


def _changes(name: str, plain: torch.Tensor, moved: list[torch.Tensor]) -> tuple[float, float]:
    rows = rows_of(name, plain, len(plain))
    sizes = norms(rows)
    if not bool((sizes > 0).all()):
        hint = "The change is relative to the features: there is nothing to compare with."
        raise ArgumentValueError(name, "features of 0", "features that are not 0", hint)
    changes = torch.stack([norms(rows_of(name, other, len(rows)) - rows) for other in moved])
    over_distance = float(changes.mean()) / distance_between_images(rows)
    return float((changes / sizes).mean()), over_distance
