"""Checks that the measures of invariance and the scattering transform share.

They guarantee finite floating-point images whose last two axes are height and width, shifts that
are pairs of whole numbers, and a generator on the device of what it draws.
"""

from collections.abc import Sequence
from typing import Any, cast

import numpy as np
import torch

from course.arrays import constant, describe, is_array, namespace
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "Shift",
    "require_choice",
    "require_generator",
    "require_images",
    "require_shift",
    "require_shifts",
    "require_tensor_images",
]

Shift = tuple[int, int]


def require_images(name: str, images: object, *, at_least: int = 2) -> Any:
    """Check finite floating-point images of at least so many axes, none empty.

    Example:
        >>> require_images("images", np.zeros(3))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: images: expected shape (..., height, width) of at least \
2 axes, none of them empty, got a float64 array of shape (3,). Add the missing axes with \
images[None].
    """
    if not is_array(images):
        hint = "Convert it first, for instance with np.asarray(images, dtype=np.float64)."
        raise ArgumentTypeError(name, describe(images), "a NumPy array or a torch tensor", hint)
    xp, array = namespace(images), cast(Any, images)
    if not xp.isdtype(array.dtype, "real floating"):
        hint = "Convert them first: images.astype(np.float64), or images.float() in torch."
        raise ArgumentTypeError(name, describe(images), "floating-point numbers", hint)
    if array.ndim < at_least or 0 in array.shape:
        axes = "(N, channels, height, width)" if at_least == 4 else "(..., height, width)"
        expected = f"shape {axes} of at least {at_least} axes, none of them empty"
        raise ArgumentValueError(
            name, describe(images), expected, "Add the missing axes with images[None]."
        )
    if not bool(xp.all(xp.isfinite(constant(array)))):
        hint = "Look at the step before: a division by 0 is a common cause."
        raise ArgumentValueError(name, "NaN or infinity", "finite numbers", hint)
    return array


def require_tensor_images(name: str, images: object, *, at_least: int = 4) -> torch.Tensor:
    """Check images as `require_images`, which must be a torch tensor."""
    if not isinstance(images, torch.Tensor):
        hint = "LabelledImages.to_tensors gives one; or use torch.as_tensor(images)."
        raise ArgumentTypeError(name, describe(images), "a torch tensor", hint)
    return cast(torch.Tensor, require_images(name, images, at_least=at_least))


def require_shift(name: str, value: object) -> Shift:
    """Check a pair (dy, dx) of whole numbers of pixels.

    Example:
        >>> require_shift("shift", 3)
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: shift: expected a pair (dy, dx) of whole numbers, got 3. \
For a shift to the right alone write (0, dx).
    """
    whole = isinstance(value, Sequence) and all(
        isinstance(part, int | np.integer) and not isinstance(part, bool) for part in value
    )
    if not whole or len(cast(Sequence[int], value)) != 2:
        expected, hint = "a pair (dy, dx) of whole numbers", "For a shift to the right alone write"
        raise ArgumentTypeError(name, describe(value), expected, f"{hint} (0, dx).")
    dy, dx = cast(Sequence[int], value)
    return int(dy), int(dx)


def require_shifts(shifts: object) -> list[Shift]:
    """Check a sequence of at least one shift."""
    if not isinstance(shifts, Sequence) or len(shifts) == 0:
        expected = "a list of at least one pair (dy, dx)"
        hint = "For instance [(0, dx) for dx in range(5)]."
        raise ArgumentValueError("shifts", describe(shifts), expected, hint)
    return [require_shift("shifts", shift) for shift in shifts]


def require_choice(name: str, value: object, choices: Sequence[str]) -> str:
    """Check that an argument is one of a few words."""
    if value not in choices:
        expected = " or ".join(map(repr, choices))
        raise ArgumentValueError(name, describe(value), expected, "Check the spelling.")
    return cast(str, value)


def require_generator(generator: object, device: torch.device) -> torch.Generator:
    """Check a torch generator, and that it lives where it is to draw."""
    if not isinstance(generator, torch.Generator):
        hint = "Pass torch.Generator().manual_seed(0)."
        raise ArgumentTypeError("generator", describe(generator), "a torch.Generator", hint)
    if generator.device.type != device.type:
        expected, hint = f"one on {device}", f"Make it with torch.Generator('{device}')."
        raise ArgumentValueError("generator", f"one on {generator.device}", expected, hint)
    return generator
