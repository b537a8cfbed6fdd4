"""Pooling without aliasing: low-pass filter first, then drop pixels.

A stride throws away all but each S-th pixel, and high frequencies come back as low ones: move the
image by a pixel and the output changes. BlurPool filters before it drops. Max-pooling is a dense
maximum and a stride in one; MaxBlurPool keeps the maximum dense and blurs before the stride.

The option chosen: the binomial filters of Zhang, one per channel, which keep the mean (DC gain
1); circular padding by default, so that shifts by the stride commute exactly. The filter is
separable, and on small images padding, filter and stride are one small matrix for each axis: two
matrix products, twice as fast as a convolution that needs a padded copy first.
"""

import math

import torch
from jaxtyping import Float
from torch import nn
from torch.nn import functional

from course.arrays import describe, require_count
from course.errors import ArgumentValueError
from course.invariance.arguments import require_choice

__all__ = ["BlurPool", "MaxBlurPool"]

SIZES = range(2, 8)
LARGEST_PRODUCT = 64  # pixels; the products grow faster with the side than a convolution does


class BlurPool(nn.Module):
    r"""Blur each channel by a binomial filter, then keep each S-th pixel.

    .. math:: y[r, c] = \sum_{i,j} b_i b_j \, x[S r + i - p,\; S c + j - p], \qquad
              b_i = 2^{1-k} \binom{k-1}{i}

    with ``k`` = `size`, ``S`` = `stride` and ``p`` = (k - 1) // 2. The filter sums to 1, so a
    constant image stays as it is. Size 2 is the average of neighbours, 3 is [1, 2, 1] / 4.

    Args:
        size: of the filter, 2 to 7.
        stride: keep each so many-th pixel; 1 only blurs.
        padding: "circular" or "reflect": what lies beyond the border.

    Attributes:
        kernel: the (size, size) filter; a buffer, not learnt.

    Raises:
        ArgumentTypeError: a size or stride that is no whole number.
        ArgumentValueError: a size, stride or padding that cannot be right; when called, images
            that are not (N, channels, height, width) or too small to be padded.

    Example:
        >>> stripes = torch.tensor([0.0, 1.0]).repeat(4).reshape(1, 1, 1, 8).expand(1, 1, 8, 8)
        >>> functional.max_pool2d(stripes, 1, stride=2).unique()  # aliased: all is black
        tensor([0.])
        >>> BlurPool()(stripes).unique()
        tensor([0.5000])

    Source: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019,
    section 3.2.
    """

    kernel: torch.Tensor

    def __init__(self, size: int = 3, stride: int = 2, *, padding: str = "circular") -> None:
        super().__init__()
        self.size, self.stride = require_count("size", size), require_count("stride", stride)
        if self.size not in SIZES:
            hint = "3 is the usual choice; a larger filter blurs more."
            raise ArgumentValueError("size", str(size), "a whole number in 2..7", hint)
        self.padding = require_choice("padding", padding, ("circular", "reflect"))
        row = torch.tensor([math.comb(self.size - 1, i) for i in range(self.size)])
        self.register_buffer("kernel", torch.outer(row, row) / 4.0 ** (self.size - 1), False)

    def forward(
        self, images: Float[torch.Tensor, "N channels height width"]
    ) -> Float[torch.Tensor, "N channels rows columns"]:
        """The blurred images, ceil(height / stride) by ceil(width / stride)."""
        before, after = (self.size - 1) // 2, self.size // 2
        _require_room(images, max(before, after), self.padding)
        kernel = self.kernel.to(images.dtype)
        if max(images.shape[-2:]) <= LARGEST_PRODUCT:
            rows, columns = (self._matrix(side, kernel.sum(0)) for side in images.shape[-2:])
            return rows @ (images @ columns.T)
        padded = functional.pad(images, (before, after, before, after), mode=self.padding)
        weight = kernel.expand(images.shape[1], 1, -1, -1)
        return functional.conv2d(padded, weight, stride=self.stride, groups=images.shape[1])

    def _matrix(self, side: int, row: torch.Tensor) -> torch.Tensor:
        """Padding, filter and stride along an axis of so many pixels: (outputs, side)."""
        outputs = torch.arange(0, side, self.stride, device=row.device)
        places = outputs[:, None] + torch.arange(self.size, device=row.device)
        places = places - (self.size - 1) // 2
        if self.padding == "circular":
            places = places % side
        else:
            places = side - 1 - (side - 1 - places.abs()).abs()
        matrix = row.new_zeros(len(outputs), side)
        return matrix.scatter_add_(1, places, row.expand(len(outputs), -1))

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"size={self.size}, stride={self.stride}, padding={self.padding!r}"


class MaxBlurPool(nn.Module):
    """Max-pooling without aliasing: the maximum at every pixel, then `BlurPool`.

    Args:
        window: the side of the square over which the maximum is taken, from each pixel down and
            to the right.
        size: of the blur's filter, 2 to 7.
        stride: keep each so many-th pixel.
        padding: "circular" or "reflect", for both steps.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `BlurPool`.

    Example:
        >>> dot = torch.zeros(1, 1, 4, 4)
        >>> dot[0, 0, 2, 2] = 16
        >>> MaxBlurPool()(dot)[0, 0]
        tensor([[1., 3.],
                [3., 9.]])

    Source: R. Zhang, "Making convolutional networks shift-invariant again", ICML 2019,
    section 3.2, MaxBlurPool.
    """

    def __init__(
        self, window: int = 2, size: int = 3, stride: int = 2, *, padding: str = "circular"
    ) -> None:
        super().__init__()
        self.window = require_count("window", window)
        self.blur = BlurPool(size, stride, padding=padding)

    def forward(
        self, images: Float[torch.Tensor, "N channels height width"]
    ) -> Float[torch.Tensor, "N channels rows columns"]:
        """The pooled images, ceil(height / stride) by ceil(width / stride)."""
        reach = self.window - 1
        _require_room(images, reach, self.blur.padding)
        padded = functional.pad(images, (0, reach, 0, reach), mode=self.blur.padding)
        pooled: torch.Tensor = self.blur(functional.max_pool2d(padded, self.window, stride=1))
        return pooled

    def extra_repr(self) -> str:
        """What `print(model)` shows."""
        return f"window={self.window}"


def _require_room(images: torch.Tensor, reach: int, padding: str) -> None:
    """Check that so many pixels beyond the border can be filled."""
    least = reach if padding == "circular" else reach + 1
    if images.ndim != 4 or min(images.shape[-2:]) < max(least, 1):
        expected = f"shape (N, channels, height, width), at least {max(least, 1)} pixels each way"
        hint = "Add axes with images[None], or choose a smaller filter."
        raise ArgumentValueError("images", describe(images), expected, hint)
