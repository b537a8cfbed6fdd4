"""What shifts do to the decisions of a classifier: consistency, and accuracy shift by shift.

Consistency needs no labels: it asks whether the same image at two places gets the same answer,
right or wrong. A constant classifier is perfectly consistent, so look at both.
"""

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float, Float64, Int64

from course.arrays import describe, require_count
from course.errors import ArgumentTypeError, ArgumentValueError
from course.invariance.arguments import (
    Shift,
    require_generator,
    require_shifts,
    require_tensor_images,
)
from course.invariance.measuring import Features, at_rest, rows_of
from course.invariance.shifting import shift, shift_each

__all__ = ["accuracy_by_shift", "shift_consistency"]


def shift_consistency(
    model: Features,
    images: Float[torch.Tensor, "N channels height width"],
    max_shift: int,
    generator: torch.Generator,
    *,
    draws: int = 10,
) -> float:
    r"""The probability that an image at two random places is given the same class.

    .. math:: P\bigl[\arg\max f(T_a x) = \arg\max f(T_b x)\bigr]

    with ``f`` = `model`, ``x`` one of the `images`, and ``a`` and ``b`` drawn evenly and
    independently from all (dy, dx) within `max_shift`. Labels play no part. Zhang draws from
    a diagonal of crops of one size; here it is circular shifts in both directions.

    Args:
        model: gives (N, C) scores; a module is asked in evaluation mode.
        images: finite, floating-point, at least one.
        max_shift: the largest shift in each direction, in pixels, at least 0.
        generator: draws the shifts, on the device of the images.
        draws: pairs of shifts for each image.

    Returns:
        The share of pairs that agree, 0 to 1; its standard error is at most
        0.5 / sqrt(N * draws) if the pairs are independent.

    Raises:
        ArgumentTypeError: no tensor, no generator, or no whole number.
        ArgumentValueError: a generator on another device, a number below its least, scores that
            are not finite or not (N, C).

    Example:
        >>> images = torch.eye(4).reshape(4, 1, 1, 4)
        >>> generator = torch.Generator().manual_seed(0)
        >>> shift_consistency(lambda x: x.mean((2, 3)), images, 3, generator)
        1.0

    Source: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019,
    section 4.1.
    """
    x = require_tensor_images("images", images)
    most = require_count("max_shift", max_shift, at_least=0)
    count = require_count("draws", draws)
    source = require_generator(generator, x.device)
    agreed = 0
    with at_rest(model):
        for _ in range(count):
            a, b = _draw(most, len(x), source), _draw(most, len(x), source)
            first, second = _classes(model, shift_each(x, a)), _classes(model, shift_each(x, b))
            agreed += int((first == second).sum())
    return agreed / (count * len(x))


def accuracy_by_shift(
    model: Features,
    images: Float[torch.Tensor, "N channels height width"],
    labels: Int64[torch.Tensor, " N"],
    shifts: Sequence[Shift],
) -> Float64[np.ndarray, " shifts"]:
    """The accuracy of a classifier on images that are all moved by the same shift.

    A network with strides that multiply to S repeats itself with period S: the sawtooth.

    Args:
        model: gives (N, C) scores; a module is asked in evaluation mode.
        images: finite, floating-point, at least one.
        labels: the correct class of each.
        shifts: pairs (dy, dx), in pixels.

    Returns:
        The share of images that are classified correctly, one for each shift.

    Raises:
        ArgumentTypeError: no tensors, labels that are no integers, or no pairs.
        ArgumentValueError: not one label for each image, no shift, scores that cannot be right.

    Example:
        >>> images = torch.eye(4).reshape(4, 1, 1, 4)
        >>> where = torch.nn.Flatten()  # its class is where the pixel is
        >>> accuracy_by_shift(where, images, torch.arange(4), [(0, 0), (0, 1), (0, 4)])
        array([1., 0., 1.])

    Source: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019, figure 1;
    A. Azulay and Y. Weiss, JMLR 20(184), 2019.
    """
    x, moves = require_tensor_images("images", images), require_shifts(shifts)
    correct = _require_labels(labels, x)
    with at_rest(model):
        shares = [(_classes(model, shift(x, dy, dx)) == correct) for dy, dx in moves]
    return np.array([float(share.double().mean()) for share in shares])


def _draw(most: int, count: int, generator: torch.Generator) -> torch.Tensor:
    return torch.randint(-most, most + 1, (count, 2), generator=generator, device=generator.device)


def _classes(model: Features, images: torch.Tensor) -> torch.Tensor:
    scores = model(images)
    rows = rows_of("model", scores, len(images))
    if scores.ndim != 2:
        hint = "Flatten, or pool over height and width, before the head."
        raise ArgumentValueError("model", describe(scores), "scores of shape (N, C)", hint)
    return rows.argmax(dim=1)


def _require_labels(labels: object, images: torch.Tensor) -> torch.Tensor:
    if not isinstance(labels, torch.Tensor) or labels.dtype != torch.int64:
        hint = "LabelledImages.to_tensors gives them."
        raise ArgumentTypeError("labels", describe(labels), "a tensor of int64", hint)
    if tuple(labels.shape) != (len(images),):
        expected = f"shape ({len(images)},), one class for each image"
        hint = "Check that both hold the same examples."
        raise ArgumentValueError("labels", describe(labels), expected, hint)
    return labels.to(images.device)
