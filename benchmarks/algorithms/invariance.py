"""Pooling without aliasing against a plain convolution, and scattering against kymatio."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import nn

from benchmarks.algorithms.row import Row, paired
from course.invariance import BlurPool
from course.scattering import Scattering2d

__all__ = ["rows"]

CHANNELS = 32


def rows() -> Iterator[Row]:
    """BlurPool against three convolutions; and scattering, where kymatio is installed."""
    plain, depthwise, circular = {}, {"groups": CHANNELS}, {"padding_mode": "circular"}
    yield blur_against("a plain strided convolution", plain)
    yield blur_against("a depthwise one, padded alike", depthwise | circular)
    yield blur_against("a depthwise one, padded with zeros", depthwise)
    kymatio = kymatios_scattering()
    if kymatio is not None:
        yield scattering_against_kymatio(kymatio)


@torch.no_grad()
def blur_against(name: str, options: dict[str, Any]) -> Row:
    """Blurring 32 channels, against a convolution of the same size, stride and channels."""
    images = torch.rand(32, CHANNELS, 32, 32, generator=torch.Generator().manual_seed(0))
    other = nn.Conv2d(CHANNELS, CHANNELS, 3, stride=2, padding=1, bias=False, **options)
    blur = BlurPool(3)
    measured = paired(lambda: blur(images), lambda: other(images), repeat=101)
    return Row(f"BlurPool / {name}", measured, 1.2)


@torch.no_grad()
def scattering_against_kymatio(other: Callable[[torch.Tensor], object]) -> Row:
    """Order 2, J = 2, L = 8, 64 images of 32 x 32, in float32."""
    images = torch.rand(64, 32, 32, generator=torch.Generator().manual_seed(0))
    ours = Scattering2d(2, (32, 32))
    measured = paired(lambda: ours(images), lambda: other(images))
    return Row("Scattering2d / kymatio's torch front end", measured, 1.0)


def kymatios_scattering() -> Callable[[torch.Tensor], object] | None:
    """kymatio's transform, or None where it is not installed."""
    import scipy.special

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scipy.special.sph_harm = None  # kymatio 0.3.0 imports a name that SciPy 1.17 dropped
        try:
            from kymatio.torch import Scattering2D
        except ImportError:
            return None
        transform: Callable[[torch.Tensor], object] = Scattering2D(J=2, shape=(32, 32))
        return transform
