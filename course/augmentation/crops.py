"""Crops: a window at a place of its own in each image, which may be padded before."""

from typing import Any

import torch
from torch.nn import functional

from course.arrays import require_count
from course.augmentation.arguments import Augmentation, require_call, require_choice
from course.errors import ArgumentValueError

__all__ = ["random_crop"]

MODES = {"zeros": "constant", "reflection": "reflect", "border": "replicate"}


def random_crop(
    size: int | tuple[int, int] | None = None, *, padding: int = 0, mode: str = "zeros"
) -> Augmentation:
    """Cut a window out of each image, at a place drawn evenly from those where it fits.

    The classic for small photographs is 4 pixels of padding and a window of the old size: a
    shift by up to 4 pixels each way.

    Args:
        size: (height, width) of the window, or one number for both; None for that of the
            images, before they are padded.
        padding: add so many pixels on each side first.
        mode: what is added: "zeros", "reflection" or "border".

    Returns:
        An augmentation. Without padding, and with a window as large as the images, it returns
        them bit for bit.

    Raises:
        ArgumentTypeError, ArgumentValueError: a size, a padding or a mode that cannot be right;
            and, when called, a window that does not fit, or images or a generator that do not.

    Example:
        >>> crop = random_crop(padding=4)
        >>> crop(torch.rand(2, 3, 32, 32), torch.Generator().manual_seed(0)).shape
        torch.Size([2, 3, 32, 32])

    Source: He et al., "Deep residual learning", CVPR 2016, section 4.2.
    """
    window = None if size is None else _require_window(size)
    border = require_count("padding", padding, at_least=0)
    fill = MODES[require_choice("mode", mode, tuple(MODES))]

    def augment(images: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        require_call(images, generator)
        height, width = window or (images.shape[2], images.shape[3])
        if border == 0 and (height, width) == tuple(images.shape[2:]):
            return images.clone()
        _require_fit(images, (height, width), border, fill)
        padded = functional.pad(images, [border] * 4, mode=fill)
        rows = _positions(padded, padded.shape[2], height, generator)
        columns = _positions(padded, padded.shape[3], width, generator)
        numbers = torch.arange(len(images), device=images.device)[:, None, None, None]
        channels = torch.arange(images.shape[1], device=images.device)[:, None, None]
        return padded[numbers, channels, rows[:, None, :, None], columns[:, None, None, :]]

    return augment


def _positions(
    images: torch.Tensor, available: int, wanted: int, generator: torch.Generator
) -> torch.Tensor:
    """(N, wanted): the indices along one axis that each image keeps."""
    device, places = images.device, available - wanted + 1
    first = torch.randint(places, (len(images), 1), generator=generator, device=device)
    return first + torch.arange(wanted, device=device)


def _require_window(size: Any) -> tuple[int, int]:
    sides = size if isinstance(size, tuple) else (size, size)
    if len(sides) != 2:
        hint = "Write random_crop((28, 32)), for instance."
        raise ArgumentValueError("size", repr(size), "a height and a width", hint)
    return require_count("size", sides[0]), require_count("size", sides[1])


def _require_fit(images: torch.Tensor, window: tuple[int, int], border: int, fill: str) -> None:
    shorter = min(images.shape[2:])
    if fill == "reflect" and border >= shorter:
        hint = "A reflection is no larger than the image; use zeros or border."
        raise ArgumentValueError("padding", str(border), f"below {shorter}", hint)
    room = (images.shape[2] + 2 * border, images.shape[3] + 2 * border)
    if window[0] > room[0] or window[1] > room[1]:
        expected = f"at most {room}, the padded images"
        raise ArgumentValueError("size", str(window), expected, "Add padding, or cut less.")
