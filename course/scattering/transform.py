r"""The scattering transform: wavelets, modulus, average; a convolutional network without learning.

.. math:: S_0 = x * \phi_J, \qquad S_1 = |x * \psi_{j_1, l_1}| * \phi_J, \qquad
          S_2 = \bigl||x * \psi_{j_1, l_1}| * \psi_{j_2, l_2}\bigr| * \phi_J \quad (j_2 > j_1)

The options chosen. Convolutions with wavelets are products of Fourier transforms,
the orientations of a scale batched. The last average needs no Fourier transform: a
Gaussian is separable, so filter, subsampling and cropping together are one small matrix from
each side. Buffers are real, since the filters have real spectra; ``.to(dtype)`` would drop the
imaginary part of complex ones.
"""

from collections.abc import Iterator
from functools import reduce
from operator import add

import numpy as np
import torch
from jaxtyping import Float
from torch import nn

from course.arrays import describe
from course.errors import ArgumentTypeError, ArgumentValueError
from course.invariance.arguments import require_tensor_images
from course.scattering.filters import FilterBank, crop_high_band, filter_bank

__all__ = ["Scattering2d", "average_matrix", "wavelet_modulus"]


class Scattering2d(nn.Module):
    r"""The scattering transform of order 2 of images of one size.

    Its coefficients barely change when the image moves by less than 2^J pixels, and change little
    when it is deformed a little. Channels come in kymatio's order: the image's average; then
    (j1, l1); then (j1, l1, j2, l2) with j2 > j1; the last index runs fastest.

    Args:
        J: how many octaves: averages over about 2^J pixels, outputs 2^J times as small.
        shape: (height, width) of the images.
        L: how many orientations.

    Attributes:
        bank: the filters, as NumPy arrays.
        channels: 1 + J L + L^2 J (J - 1) / 2.

    Raises:
        ArgumentTypeError: no whole numbers; when called, images that are no tensor of float32
            or float64.
        ArgumentValueError: J too large for the image; when called, images of another size or
            not finite, or on another device than the filters.

    Example:
        >>> scattering = Scattering2d(2, (32, 32))
        >>> scattering(torch.zeros(5, 3, 32, 32)).shape  # (batch, colours, paths, rows, columns)
        torch.Size([5, 3, 81, 8, 8])

    Source: S. Mallat, "Group invariant scattering", Comm. Pure Appl. Math. 65, 2012; J. Bruna
    and S. Mallat, IEEE TPAMI 35(8), 2013.
    """

    mirror_0: torch.Tensor
    mirror_1: torch.Tensor

    def __init__(self, J: int, shape: tuple[int, int], *, L: int = 8) -> None:
        super().__init__()
        self.bank: FilterBank = filter_bank(J, shape, L=L)
        self.channels = self.bank.channels
        for axis, side in enumerate(self.bank.shape):
            self._keep(f"mirror_{axis}", _mirror(side, self.bank.psi.shape[2 + axis]))
        for level in range(J):
            self._keep(f"psi_{level}", crop_high_band(self.bank.psi, level, (2, 3)))
            for axis, low in enumerate((self.bank.phi_rows, self.bank.phi_columns)):
                self._keep(f"average_{level}_{axis}", average_matrix(low, level, J))

    def forward(
        self, images: Float[torch.Tensor, "*batch height width"]
    ) -> Float[torch.Tensor, "*batch paths rows columns"]:
        """The coefficients of each image, in the dtype of the images."""
        x = self._require_images(images)
        padded = x.reshape(-1, *self.bank.shape)[:, self.mirror_0[:, None], self.mirror_1]
        spectrum = torch.fft.fft2(padded)[:, None]
        zeroth = self._average(padded[:, None], 0)
        first: list[torch.Tensor] = []
        second: list[torch.Tensor] = []
        for j1 in range(self.bank.J):
            moduli = wavelet_modulus(spectrum, self._psi(0, j1, x.dtype), 2**j1)
            first.append(self._average(moduli, j1))
            second += self._second_order(moduli, j1)
        paths = torch.cat([zeroth, *first, *second], dim=1)
        return paths.reshape(*x.shape[:-2], *paths.shape[1:])

    def _second_order(self, moduli: torch.Tensor, j1: int) -> Iterator[torch.Tensor]:
        """All paths that begin with j1, orientation by orientation: few at a time fit the cache."""
        if j1 + 1 == self.bank.J:
            return
        for spectrum in torch.fft.fft2(moduli).split(1, dim=1):
            for j2 in range(j1 + 1, self.bank.J):
                wavelets = self._psi(j1, j2, moduli.dtype)
                yield self._average(wavelet_modulus(spectrum, wavelets, 2 ** (j2 - j1)), j2)

    def _average(self, maps: torch.Tensor, level: int) -> torch.Tensor:
        """Low-pass filter, keep what is 2^J pixels apart, drop the padding."""
        left, right = (getattr(self, f"average_{level}_{axis}").to(maps.dtype) for axis in (0, 1))
        averages: torch.Tensor = left @ maps @ right.mT
        return averages

    def _psi(self, level: int, j: int, dtype: torch.dtype) -> torch.Tensor:
        wavelets: torch.Tensor = getattr(self, f"psi_{level}")[j].to(dtype)
        return wavelets

    def _keep(self, name: str, array: np.ndarray) -> None:
        self.register_buffer(name, torch.from_numpy(np.ascontiguousarray(array)), persistent=False)

    def _require_images(self, images: object) -> torch.Tensor:
        x = require_tensor_images("images", images, at_least=2)
        if x.dtype not in (torch.float32, torch.float64):
            hint = "Convert them with images.float()."
            raise ArgumentTypeError("images", describe(x), "float32 or float64", hint)
        if tuple(x.shape[-2:]) != self.bank.shape:
            expected = f"shape (..., {self.bank.shape[0]}, {self.bank.shape[1]})"
            hint = "The filters are made for one size: build another Scattering2d."
            raise ArgumentValueError("images", describe(x), expected, hint)
        if x.device != self.mirror_0.device:
            expected, hint = f"images on {self.mirror_0.device}", "Move one: scattering.to(device)."
            raise ArgumentValueError("images", f"images on {x.device}", expected, hint)
        return x


def wavelet_modulus(
    spectrum: torch.Tensor, wavelets: Float[torch.Tensor, "L rows columns"], stride: int
) -> torch.Tensor:
    r"""The modulus of convolutions with wavelets, at each `stride`-th pixel.

    Keeping each k-th pixel is averaging the spectrum over its k periods each way, so only the
    small transform is inverted.

    Args:
        spectrum: (..., 1, rows, columns), the Fourier transform of maps.
        wavelets: their real Fourier transforms.
        stride: k, a divisor of rows and columns.

    Returns:
        (..., L, rows / k, columns / k), real; its autograd is 0 where the modulus is.

    Example:
        >>> spectrum = torch.fft.fft2(torch.arange(4.0).reshape(1, 2, 2))
        >>> wavelet_modulus(spectrum, torch.ones(1, 2, 2), 1)  # no filter: the numbers themselves
        tensor([[[0., 1.],
                 [2., 3.]]])
    """
    # block by block, as the large product is never needed and would not fit the cache
    blocks = zip(_periods(spectrum, stride), _periods(wavelets, stride), strict=True)
    filtered = reduce(add, (block * wavelet for block, wavelet in blocks))
    modulus: torch.Tensor = torch.fft.ifft2(filtered).abs() / stride**2
    return modulus


def _periods(spectrum: torch.Tensor, stride: int) -> list[torch.Tensor]:
    return [block for rows in spectrum.chunk(stride, -2) for block in rows.chunk(stride, -1)]


def average_matrix(
    low: Float[np.ndarray, " side"], level: int, J: int
) -> Float[np.ndarray, "outputs inputs"]:
    """Low-pass filter, subsampling to steps of 2^J and cropping along one axis, as a matrix.

    Args:
        low: the Fourier transform of the filter at full resolution.
        level: its input has been subsampled by 2^level already.
        J: its output is subsampled by 2^J; the outermost pixel on either side is padding.

    Example:
        >>> average_matrix(np.array([1.0, 0, 0, 0, 0, 0, 0, 0]), 0, 1)  # the mean of everything
        array([[0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125],
               [0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125, 0.125]])
    """
    kernel = np.fft.ifft(crop_high_band(low, level, (0,))).real
    side = len(kernel)
    positions = np.arange(0, side, 2 ** (J - level))[1:-1]
    matrix: Float[np.ndarray, "outputs inputs"] = kernel[
        (positions[:, None] - np.arange(side)) % side
    ]
    return matrix


def _mirror(side: int, padded: int) -> np.ndarray:
    """For each pixel of the padded canvas the pixel of the image that it shows."""
    before = (padded - side) // 2
    return np.pad(np.arange(side), (before, padded - side - before), mode="reflect")
