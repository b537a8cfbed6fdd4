"""Rotation, shift, zoom and shear: an affine map of the plane, another for each image.

The map goes from the *output* to the *input*, as in torch's `affine_grid`: for each pixel
of the result it says where in the image to look. A shift of +1 pixel in x therefore looks one
pixel further right, and moves the content one pixel to the LEFT. (OpenCV's `warpAffine` and
PIL's older books think the other way round: the map says where the content goes.)

Coordinates are in pixels from the centre of the image, x to the right and y down, so that an
angle and a shear mean the same on images that are not square. Between pixels the value is
interpolated bilinearly.
"""

import math

import torch
from jaxtyping import Float
from torch.nn import functional

from course.arrays import Number, describe, require_number
from course.augmentation.arguments import (
    Augmentation,
    require_call,
    require_choice,
    require_fraction,
    require_images,
    uniform,
)
from course.errors import ArgumentValueError

__all__ = ["random_affine", "warp"]

PADDINGS = ("zeros", "border", "reflection")


def random_affine(
    *,
    degrees: Number = 10.0,
    shift: Number = 1.0,
    zoom: Number = 0.1,
    shear: Number = 0.0,
    padding: str = "zeros",
) -> Augmentation:
    r"""Turn, shift, zoom and shear each image a little, each by its own draw.

    .. math::
        A = \frac{1}{s} \begin{pmatrix} \cos\varphi & -\sin\varphi \\
        \sin\varphi & \cos\varphi \end{pmatrix}
        \begin{pmatrix} 1 & \tan\psi \\ 0 & 1 \end{pmatrix}

    with the angle ``phi`` in +-`degrees`, the shear ``psi`` in +-`shear`, the zoom ``s`` in
    1 +- `zoom`, and a shift in x and in y in +-`shift`, all drawn evenly. The matrix
    and the shift go to `warp`; they map output to input, so a positive angle turns the content
    counter-clockwise as it is seen on the screen, and ``s > 1`` enlarges it.

    Args:
        degrees: the largest angle, at least 0.
        shift: the largest shift in pixels, at least 0; need not be whole.
        zoom: the largest change of size, as a share, at least 0 and below 1.
        shear: the largest angle of shear in degrees, at least 0 and below 90.
        padding: what lies outside of the image: "zeros", "border" or "reflection".

    Returns:
        An augmentation. With all strengths 0 it returns the images bit for bit.

    Raises:
        ArgumentTypeError, ArgumentValueError: a strength or a padding that cannot be right;
            and, when called, images or a generator that do not fit.

    Example:
        >>> turn = random_affine(degrees=20)
        >>> images = torch.rand(4, 3, 8, 8)
        >>> turn(images, torch.Generator().manual_seed(0)).shape
        torch.Size([4, 3, 8, 8])

    Source: fast.ai, lesson 2, data augmentation (`transforms_side_on`, `RandomRotate`).
    """
    angle = math.radians(require_number("degrees", degrees))
    pixels = require_number("shift", shift)
    share = require_fraction("zoom", zoom, below_one=True)
    slant = math.radians(_require_acute("shear", shear))
    outside = require_choice("padding", padding, PADDINGS)

    def augment(images: torch.Tensor, generator: torch.Generator, /) -> torch.Tensor:
        require_call(images, generator)
        if angle == pixels == share == slant == 0:
            return images.clone()
        angles, slants, sizes, right, down = (
            uniform(images, generator, limit) for limit in (angle, slant, share, pixels, pixels)
        )
        maps = _maps(angles, slants, 1 + sizes, right, down)
        return warp(images, maps, padding=outside)

    return augment


def warp(
    images: Float[torch.Tensor, "N C H W"],
    maps: Float[torch.Tensor, "N 2 3"],
    *,
    padding: str = "zeros",
) -> Float[torch.Tensor, "N C H W"]:
    r"""Look up each pixel of the result where an affine map says.

    .. math:: \text{out}(x, y) = \text{in}(a x + b y + t_x,\; c x + d y + t_y)

    with the rows (a, b, t_x) and (c, d, t_y) of each of the `maps`, and x, y in pixels from the
    centre, x to the right and y down. It is torch's `affine_grid` and `grid_sample` (with
    align_corners=False), in pixels instead of half image sizes.

    Args:
        images: (N, C, H, W), of any floating dtype, which is kept.
        maps: (N, 2, 3), output to input: t_x = +1 moves the content one pixel to the left.
        padding: as for `random_affine`.

    Raises:
        ArgumentTypeError: if `images` are no floating tensor.
        ArgumentValueError: if shapes or devices do not fit, or for an unknown padding.

    Example:
        >>> image = torch.tensor([[[[1.0, 2.0, 3.0]]]])
        >>> one_to_the_right = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
        >>> warp(image, one_to_the_right).round(decimals=4)
        tensor([[[[2., 3., 0.]]]])

    Source: Jaderberg et al., "Spatial transformer networks", NeurIPS 2015, section 3.2.
    """
    count, _, height, width = require_images(images).shape
    outside = require_choice("padding", padding, PADDINGS)
    if tuple(maps.shape) != (count, 2, 3) or maps.device != images.device:
        got, hint = f"{describe(maps)} on {maps.device}", "Repeat a single map with expand."
        expected = f"shape ({count}, 2, 3) on {images.device}, a map for each image"
        raise ArgumentValueError("maps", got, expected, hint)
    if count == 0:  # which torch refuses
        return images.clone()
    # half precision is too coarse for positions, and not sampled on every device
    dtype = torch.promote_types(images.dtype, torch.float32)
    to_pixels = torch.tensor([width / 2, height / 2, 1.0], dtype=dtype, device=images.device)
    theta = maps.to(dtype) * to_pixels / to_pixels[:2, None]
    grid = functional.affine_grid(theta, list(images.shape), align_corners=False)
    warped = functional.grid_sample(
        images.to(dtype), grid, mode="bilinear", padding_mode=outside, align_corners=False
    )
    return warped.to(images.dtype)


def _maps(
    angles: torch.Tensor,
    slants: torch.Tensor,
    sizes: torch.Tensor,
    right: torch.Tensor,
    down: torch.Tensor,
) -> torch.Tensor:
    """(N, 2, 3), one map per image, output to input."""
    cosine, sine, tangent = angles.cos() / sizes, angles.sin() / sizes, slants.tan()
    first = torch.stack([cosine, cosine * tangent - sine, right], dim=1)
    second = torch.stack([sine, sine * tangent + cosine, down], dim=1)
    return torch.stack([first, second], dim=1)


def _require_acute(name: str, value: object) -> float:
    number = require_number(name, value)
    if number >= 90:
        expected = "degrees of at least 0, below 90"
        raise ArgumentValueError(name, repr(number), expected, "A right angle leaves only a line.")
    return number
