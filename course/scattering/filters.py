r"""The wavelets of the scattering transform: Morlet, dilated and rotated, in the Fourier domain.

.. math:: \psi(u) = g_\sigma(u)\,(e^{i \xi \cdot u} - \beta), \qquad
          g_\sigma(u) = \frac{s}{2 \pi \sigma^2} e^{-u^\top \Sigma\, u / (2 \sigma^2)}

with beta such that the wavelet has mean 0. The option chosen: the parameters and the order of
kymatio, so that coefficients can be compared one by one. kymatio writes 3.1415 for pi in the
normaliser of the Gaussian, which makes all its filters 3e-5 too large (and those of the second
order twice that); here it is pi.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex128, Float64

from course.arrays import Number, require_count
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["FilterBank", "crop_high_band", "filter_bank", "gabor", "morlet", "padded_side"]

COPIES = 2  # the Gaussian of the widest filter is 0 beyond two periods of the canvas


@dataclass(frozen=True, eq=False)
class FilterBank:
    """The filters of one transform, as real Fourier transforms on the padded canvas.

    Attributes:
        shape: (height, width) of the images.
        J: the octaves; coefficients are averages over about 2^J pixels.
        L: the orientations, over half a turn.
        psi: (J, L, rows, columns), the wavelets by scale and orientation.
        phi_rows: (rows,), the low-pass filter along the rows; the filter is separable.
        phi_columns: (columns,), the same along the columns.
    """

    shape: tuple[int, int]
    J: int
    L: int
    psi: Float64[np.ndarray, "J L rows columns"]
    phi_rows: Float64[np.ndarray, " rows"]
    phi_columns: Float64[np.ndarray, " columns"]

    @property
    def channels(self) -> int:
        """1 + J L + L^2 J (J - 1) / 2: the paths of orders 0, 1 and 2."""
        return 1 + self.J * self.L + self.L**2 * self.J * (self.J - 1) // 2


def filter_bank(J: int, shape: tuple[int, int], *, L: int = 8) -> FilterBank:
    r"""The wavelets psi_{j, l} and the low-pass filter phi_J for images of one size.

    .. math:: \sigma_j = 0.8 \cdot 2^j, \quad \xi_j = \tfrac{3 \pi}{4} 2^{-j}, \quad
              \theta_l = (\lfloor L/2 \rfloor - 1 - l)\, \pi / L, \quad s = 4 / L, \quad
              \sigma_\phi = 0.8 \cdot 2^{J-1}

    Args:
        J: how many octaves, at least 1; 2^J may not be larger than a side of the image.
        shape: (height, width) of the images in pixels.
        L: how many orientations, at least 1; the design is for 8.

    Raises:
        ArgumentTypeError: no whole numbers, or no pair.
        ArgumentValueError: a number below 1, or 2^J larger than the image.

    Example:
        >>> bank = filter_bank(2, (32, 32))
        >>> bank.psi.shape, bank.channels
        ((2, 8, 40, 40), 81)
        >>> bool(abs(bank.psi[..., 0, 0]).max() < 1e-12)  # a wavelet has mean 0
        True

    Source: J. Bruna and S. Mallat, "Invariant scattering convolution networks", IEEE TPAMI
    35(8), 2013, section 2; M. Andreux et al., "Kymatio", JMLR 21(60), 2020.
    """
    octaves, angles = require_count("J", J), require_count("L", L)
    rows, columns = (padded_side(side, octaves) for side in _require_shape(shape, octaves))
    first = int(angles / 2 - 1)
    waves = [
        morlet(
            (rows, columns),
            sigma=0.8 * 2**j,
            theta=(first - angle) * math.pi / angles,
            xi=0.75 * math.pi / 2**j,
            slant=4 / angles,
        )
        for j in range(octaves)
        for angle in range(angles)
    ]
    # a Gaussian envelope that is symmetric and a wave that is Hermitian: the spectrum is real
    psi = np.fft.fft2(np.stack(waves)).real.reshape(octaves, angles, rows, columns)
    width = 0.8 * 2 ** (octaves - 1)
    low = [np.fft.fft(_gaussian(side, width)).real for side in (rows, columns)]
    return FilterBank((int(shape[0]), int(shape[1])), octaves, angles, psi, low[0], low[1])


def gabor(
    size: tuple[int, int], *, sigma: Number, theta: Number, xi: Number, slant: Number = 1.0
) -> Complex128[np.ndarray, "rows columns"]:
    r"""A Gabor filter on a torus: a Gaussian times a plane wave.

    .. math:: \frac{s}{2 \pi \sigma^2}
              e^{-(a^2 + s^2 b^2) / (2 \sigma^2)} \, e^{i \xi a}

    where ``a`` is the coordinate along the wave, at the angle ``theta`` from down towards right,
    ``b`` is the one across, and ``s`` = `slant`: below 1 the Gaussian is long across the wave.
    The formula is summed over the periods of the torus.

    Args:
        size: (rows, columns) of the torus.
        sigma: the width of the Gaussian in pixels.
        theta: the direction of the wave in radians.
        xi: its frequency in radians per pixel.
        slant: the ratio of the two widths.

    Example:
        >>> g = gabor((16, 16), sigma=1.6, theta=0.0, xi=0.0)
        >>> round(float(g.sum().real), 6)  # a Gaussian of mass 1
        1.0

    Source: kymatio 0.3, `kymatio.scattering2d.filter_bank.gabor_2d`, with pi for 3.1415.
    """
    rows, columns = (
        np.arange(-COPIES * side, (COPIES + 1) * side, dtype=np.float64) for side in size
    )
    along = rows[:, None] * math.cos(theta) + columns * math.sin(theta)
    across = columns * math.cos(theta) - rows[:, None] * math.sin(theta)
    envelope = np.exp(-(along**2 + (slant * across) ** 2) / (2 * sigma**2))
    wave = envelope * np.exp(1j * xi * along)
    periods = 2 * COPIES + 1
    folded: Complex128[np.ndarray, "rows columns"] = wave.reshape(
        periods, size[0], periods, size[1]
    ).sum(axis=(0, 2))
    return folded * (slant / (2 * math.pi * sigma**2))


def morlet(
    size: tuple[int, int], *, sigma: Number, theta: Number, xi: Number, slant: Number = 0.5
) -> Complex128[np.ndarray, "rows columns"]:
    """A Morlet wavelet: a Gabor filter less as much of its envelope as makes its mean 0.

    Args:
        size: as for `gabor`.
        sigma: likewise.
        theta: likewise.
        xi: likewise.
        slant: likewise.

    Example:
        >>> wavelet = morlet((16, 16), sigma=0.8, theta=0.0, xi=2.36)
        >>> bool(abs(wavelet.sum()) < 1e-12)
        True

    Source: J. Bruna and S. Mallat, IEEE TPAMI 35(8), 2013, section 2.1.
    """
    wave = gabor(size, sigma=sigma, theta=theta, xi=xi, slant=slant)
    envelope = gabor(size, sigma=sigma, theta=theta, xi=0.0, slant=slant)
    wavelet: Complex128[np.ndarray, "rows columns"] = wave - wave.sum() / envelope.sum() * envelope
    return wavelet


def crop_high_band(
    spectrum: Float64[np.ndarray, "*sides"], level: int, axes: tuple[int, ...]
) -> Float64[np.ndarray, "*cropped"]:
    """A filter for a canvas that is 2^level times as small: its low frequencies alone.

    Example:
        >>> crop_high_band(np.array([0.0, 1, 2, 3, 4, -3, -2, -1]), 1, (0,))
        array([ 0.,  1., -2., -1.])
    """
    for axis in axes:
        side = spectrum.shape[axis]
        kept = side >> level
        half = kept // 2
        low_and_negative = np.r_[0:half, side - (kept - half) : side]
        spectrum = np.take(spectrum, low_and_negative, axis=axis)
    return spectrum


def padded_side(side: int, J: int) -> int:
    """The side of the padded canvas: a multiple of 2^J with at least 2^J + 1 pixels to spare.

    Example:
        >>> padded_side(32, 2), padded_side(33, 2)
        (40, 40)
    """
    step = 1 << J
    return ((side + step) // step + 1) * step


def _gaussian(side: int, sigma: float) -> Float64[np.ndarray, " side"]:
    offsets = np.arange(-COPIES * side, (COPIES + 1) * side, dtype=np.float64)
    values = np.exp(-(offsets**2) / (2 * sigma**2)) / (math.sqrt(2 * math.pi) * sigma)
    folded: Float64[np.ndarray, " side"] = values.reshape(-1, side).sum(axis=0)
    return folded


def _require_shape(shape: object, octaves: int) -> tuple[int, int]:
    if not isinstance(shape, tuple | list) or len(shape) != 2:
        hint = "For instance (32, 32): the size of the images without batch and channels."
        raise ArgumentTypeError("shape", repr(shape), "a pair (height, width)", hint)
    height, width = (require_count("shape", side) for side in shape)
    if min(height, width) < 2**octaves:
        expected = f"at most {int(math.log2(min(height, width)))} for images of {height} x {width}"
        hint = "The averages are over 2^J pixels: choose a smaller J or larger images."
        raise ArgumentValueError("J", str(octaves), expected, hint)
    return height, width
