r"""Small deformations: every pixel moves a little, and not all by the same shift.

A deformation is a field tau of displacements in pixels, (2, height, width): first how far down,
then how far to the right. The option chosen is two steps, make a field and apply it, so that a
field can be looked at, drawn, and applied to many images alike.
"""

import math

import torch
from jaxtyping import Float

from course.arrays import Number, describe, require_count, require_number
from course.errors import ArgumentValueError
from course.invariance.arguments import require_choice, require_generator, require_tensor_images

__all__ = ["deform", "dilation", "smooth_displacement"]


def deform(
    images: Float[torch.Tensor, "*batch height width"],
    displacement: Float[torch.Tensor, "2 height width"],
    *,
    padding: str = "circular",
) -> Float[torch.Tensor, "*batch height width"]:
    r"""Move each pixel by a displacement of its own, with bilinear interpolation.

    .. math:: (D_\tau x)(u) = x\bigl(u - \tau(u)\bigr)

    with ``x`` = `images` and ``tau`` = `displacement`: a constant tau = (dy, dx) is the shift by
    dy down and dx to the right. Differentiable by torch's autograd, in both arguments.

    Args:
        images: (..., height, width), finite.
        displacement: (2, height, width), in pixels, finite, of the dtype of the images.
        padding: "circular" wraps around, "reflect" mirrors at the outermost pixels: what lies
            beyond the border.

    Raises:
        ArgumentTypeError: no tensors of floating-point numbers.
        ArgumentValueError: a shape, a padding or numbers that cannot be right.

    Example:
        >>> row = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
        >>> field = torch.zeros(2, 1, 4)
        >>> field[1] = 0.5
        >>> deform(row, field)
        tensor([[0.0000, 0.5000, 0.5000, 0.0000]])

    Source: S. Mallat, "Group invariant scattering", Comm. Pure Appl. Math. 65, 2012, section 1.
    """
    x = require_tensor_images("images", images, at_least=2)
    field = require_tensor_images("displacement", displacement, at_least=3)
    require_choice("padding", padding, ("circular", "reflect"))
    height, width = x.shape[-2:]
    if tuple(field.shape) != (2, height, width):
        expected = f"shape (2, {height}, {width}), the displacement of each pixel"
        hint = "One field serves all images; its first axis is (down, right)."
        raise ArgumentValueError("displacement", describe(field), expected, hint)
    rows = torch.arange(height, dtype=field.dtype, device=field.device)[:, None] - field[0]
    columns = torch.arange(width, dtype=field.dtype, device=field.device) - field[1]
    return _interpolate(x, rows, columns, padding)


def smooth_displacement(
    height: int,
    width: int,
    *,
    amplitude: Number,
    generator: torch.Generator,
    smoothness: Number = 4.0,
    dtype: torch.dtype = torch.float32,
) -> Float[torch.Tensor, "2 height width"]:
    r"""A random smooth field on the torus whose longest displacement is exactly `amplitude`.

    White noise, smoothed by a periodic Gaussian of standard deviation `smoothness` and scaled.
    Where amplitude / smoothness is well below 1 the deformation folds nowhere.

    Args:
        height: in pixels.
        width: in pixels.
        amplitude: the largest displacement in pixels, max over u of the length of tau(u).
        generator: draws the noise; the field lies on its device.
        smoothness: the standard deviation of the Gaussian in pixels, above 0.
        dtype: torch.float32 or torch.float64.

    Raises:
        ArgumentTypeError: no generator, or no numbers.
        ArgumentValueError: a number that is out of its range.

    Example:
        >>> generator = torch.Generator().manual_seed(0)
        >>> field = smooth_displacement(16, 16, amplitude=1.5, generator=generator)
        >>> round(float(field.norm(dim=0).max()), 4)
        1.5

    Source: P. Simard et al., "Best practices for convolutional neural networks", ICDAR 2003,
    elastic distortions.
    """
    size = require_count("height", height), require_count("width", width)
    most = require_number("amplitude", amplitude)
    sigma = require_number("smoothness", smoothness, positive=True)
    device = generator.device if isinstance(generator, torch.Generator) else torch.device("cpu")
    source = require_generator(generator, device)
    noise = torch.randn((2, *size), generator=source, device=device, dtype=torch.float64)
    down, right = (torch.fft.fftfreq(side, device=device) for side in size)
    squared = down[:, None] ** 2 + right**2
    spectrum = torch.fft.fft2(noise) * torch.exp(-2 * (math.pi * sigma) ** 2 * squared)
    field = torch.fft.ifft2(spectrum).real
    longest = torch.linalg.vector_norm(field, dim=0).max()
    scaled: torch.Tensor = (field * (most / longest)).to(dtype)
    return scaled


def dilation(
    height: int, width: int, factor: Number, *, dtype: torch.dtype = torch.float32
) -> Float[torch.Tensor, "2 height width"]:
    r"""The field that enlarges an image about its middle by `factor`.

    .. math:: \tau(u) = (u - c) \, (1 - 1 / \text{factor})

    so that ``D_tau x (u) = x(c + (u - c) / factor)``. The amplitude is largest at the border.
    With `deform` use padding="reflect": on the torus the field has a seam.

    Args:
        height: in pixels.
        width: in pixels.
        factor: above 0; 1.05 enlarges by 5%, below 1 makes smaller.
        dtype: torch.float32 or torch.float64.

    Raises:
        ArgumentTypeError, ArgumentValueError: no such numbers.

    Example:
        >>> dilation(1, 3, 2.0)[1]  # to the sides, away from the middle
        tensor([[-0.5000,  0.0000,  0.5000]])

    Source: S. Mallat, "Understanding deep convolutional networks", 2016, section 3.
    """
    size = require_count("height", height), require_count("width", width)
    scale = 1 - 1 / require_number("factor", factor, positive=True)
    offsets = [torch.arange(side, dtype=dtype) - (side - 1) / 2 for side in size]
    return scale * torch.stack(torch.meshgrid(*offsets, indexing="ij"))


def _interpolate(
    x: torch.Tensor, rows: torch.Tensor, columns: torch.Tensor, padding: str
) -> torch.Tensor:
    """Bilinear interpolation of x at real (rows, columns)."""
    top, left = rows.floor(), columns.floor()
    down, right = (rows - top).to(x.dtype), (columns - left).to(x.dtype)
    height, width = x.shape[-2:]

    def corner(dy: int, dx: int) -> torch.Tensor:
        i = _inside(top.long() + dy, height, padding)
        j = _inside(left.long() + dx, width, padding)
        return x[..., i, j]

    upper = (1 - right) * corner(0, 0) + right * corner(0, 1)
    lower = (1 - right) * corner(1, 0) + right * corner(1, 1)
    return (1 - down) * upper + down * lower


def _inside(index: torch.Tensor, side: int, padding: str) -> torch.Tensor:
    """Whatever lies outside 0..side-1, wrapped around or mirrored."""
    if padding == "circular" or side == 1:
        return index % side
    folded = index % (2 * side - 2)
    return torch.minimum(folded, 2 * side - 2 - folded)
