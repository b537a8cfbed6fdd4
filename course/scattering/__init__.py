"""The scattering transform: features that bear shifts and small deformations, without learning.

    Scattering2d   the transform of order 2, as a torch module
    filter_bank    its Morlet wavelets, as NumPy arrays
    FilterBank     the record that they come as

The conventions are those of kymatio 0.3: order of channels, reflect padding, subsampling with
the high band cut; but pi where it has 3.1415.
"""

from course.scattering.filters import FilterBank, filter_bank
from course.scattering.transform import Scattering2d

__all__ = ["FilterBank", "Scattering2d", "filter_bank"]
