"""How scattering.npz was made: kymatio 0.3.0, with pi where its Gabor normaliser has 3.1415.

Run it again with ``python tests/course/data/make_scattering.py`` where kymatio is installed. The
factor 3.1415 / pi multiplies each Gabor, and so the wavelets and the low-pass filter. The images
are drawn from a fixed seed and stored too; coefficients are computed in float64, stored in
float32.
"""

from pathlib import Path
from typing import Any

import numpy as np

CASES = {"a": (2, (32, 32), 8), "b": (3, (16, 24), 4), "c": (1, (9, 11), 8), "d": (2, (4, 8), 6)}


def with_pi(gabor: Any) -> Any:
    """kymatio's `gabor_2d` with its normaliser put right, in double precision from there on."""

    def corrected(*arguments: Any, **options: Any) -> Any:
        return gabor(*arguments, **options).astype(np.complex128) * (3.1415 / np.pi)

    return corrected


def main() -> None:
    """Write the images and kymatio's coefficients of each case."""
    import scipy.special

    scipy.special.sph_harm = None  # kymatio 0.3.0 imports a name that SciPy 1.17 dropped
    import kymatio.scattering2d.filter_bank as filters
    import torch
    from kymatio.torch import Scattering2D

    filters.gabor_2d = with_pi(filters.gabor_2d)
    numbers = {}
    for name, (J, shape, L) in CASES.items():
        images = np.random.default_rng(0).uniform(size=(1, *shape)).astype(np.float32)
        transform = Scattering2D(J=J, shape=shape, L=L).double()
        coefficients = transform(torch.from_numpy(images).double()).numpy()
        numbers[f"{name}_J_L"] = np.array([J, L])
        numbers[f"{name}_images"] = images
        numbers[f"{name}_coefficients"] = coefficients.astype(np.float32)
    np.savez_compressed(Path(__file__).with_name("scattering.npz"), **numbers)


if __name__ == "__main__":
    main()
