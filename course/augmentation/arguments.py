"""What the augmentations share: their type, the checks of a call, and draws per image."""

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float

from course.arrays import Number, describe, require_number
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = [
    "Augmentation",
    "per_image",
    "require_call",
    "require_choice",
    "require_fraction",
    "require_images",
    "uniform",
]


@runtime_checkable
class Augmentation(Protocol):
    """A function that returns other views of the images, as the generator draws them."""

    def __call__(
        self, images: Float[torch.Tensor, "N C H W"], generator: torch.Generator, /
    ) -> Float[torch.Tensor, "N C h w"]:
        """Return one view of each image."""


def require_call(images: object, generator: object) -> None:
    """Check what an augmentation is called with: images, and a generator that fits them.

    Example:
        >>> require_call(torch.zeros(1, 1, 2, 2), 0)
        Traceback (most recent call last):
        course.errors.ArgumentTypeError: generator: expected a torch.Generator, got 0. \
Pass torch.Generator(device='cpu').manual_seed(0).
    """
    device = require_images(images).device
    hint = f"Pass torch.Generator(device={str(device)!r}).manual_seed(0)."
    if not isinstance(generator, torch.Generator):
        raise ArgumentTypeError("generator", describe(generator), "a torch.Generator", hint)
    if not _same_device(generator.device, device):
        got, expected = f"one on {generator.device}", f"one on {device}, where the images are"
        raise ArgumentValueError("generator", got, expected, hint)


def require_images(images: object) -> torch.Tensor:
    """Check that `images` is a floating (N, C, H, W) tensor without an empty axis but N.

    Example:
        >>> require_images(torch.zeros(8, 8))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: images: expected shape (N, C, H, W), \
got a float32 array of shape (8, 8). For a single grey image use images[None, None].
    """
    if not isinstance(images, torch.Tensor) or not images.is_floating_point():
        hint = "Use LabelledImages.to_tensors(), or images.float() / 255 for bytes."
        raise ArgumentTypeError("images", describe(images), "a floating torch tensor", hint)
    if images.ndim != 4 or 0 in images.shape[1:]:
        hint = "For a single grey image use images[None, None]."
        raise ArgumentValueError("images", describe(images), "shape (N, C, H, W)", hint)
    return images


def _same_device(first: torch.device, second: torch.device) -> bool:
    """Whether two names mean one device: "cuda" without an index is the current one."""
    if first.type != second.type or first.type == "cpu":
        return first.type == second.type
    current = torch.get_device_module(first).current_device() if first.type == "cuda" else 0
    return _index(first, current) == _index(second, current)


def _index(device: torch.device, current: int) -> int:
    return current if device.index is None else device.index


def require_fraction(name: str, value: object, *, below_one: bool = False) -> float:
    """Check that an argument lies in 0..1 (or below 1).

    Example:
        >>> require_fraction("probability", 1.5)
        Traceback (most recent call last):
        course.errors.ArgumentValueError: probability: expected a number in 0..1, got 1.5. \
Use a share, not a percentage.
    """
    number = require_number(name, value)
    if number > 1 or (below_one and number == 1):
        expected = "a number of at least 0, below 1" if below_one else "a number in 0..1"
        raise ArgumentValueError(name, repr(number), expected, "Use a share, not a percentage.")
    return number


def require_choice(name: str, value: object, choices: tuple[str, ...]) -> str:
    """Check that an argument is one of a few words.

    Example:
        >>> require_choice("axis", "diagonal", ("horizontal", "vertical"))
        Traceback (most recent call last):
        course.errors.ArgumentValueError: axis: expected 'horizontal' or 'vertical', \
got 'diagonal'. The first is the usual one.
    """
    if not isinstance(value, str) or value not in choices:
        expected = " or ".join(repr(choice) for choice in choices)
        raise ArgumentValueError(name, describe(value), expected, "The first is the usual one.")
    return value


def uniform(
    images: torch.Tensor, generator: torch.Generator, limit: Number
) -> Float[torch.Tensor, " N"]:
    """One number per image, drawn evenly from -limit..limit, as float32 on its device.

    Example:
        >>> draws = uniform(torch.zeros(100, 1, 2, 2), torch.Generator().manual_seed(0), 3.0)
        >>> draws.shape, bool((draws.abs() <= 3).all()), bool(draws.min() < 0 < draws.max())
        (torch.Size([100]), True, True)
    """
    draws = torch.rand(len(images), generator=generator, device=images.device)
    return (2 * draws - 1) * limit


def per_image(
    values: Float[torch.Tensor, " N"], images: Float[torch.Tensor, "N C H W"]
) -> Float[torch.Tensor, "N 1 1 1"]:
    """(N,) values as (N, 1, 1, 1), in the dtype of the images.

    Example:
        >>> per_image(torch.ones(2), torch.zeros(2, 3, 4, 4)).shape
        torch.Size([2, 1, 1, 1])
    """
    return values.to(images.dtype).reshape(-1, 1, 1, 1)
