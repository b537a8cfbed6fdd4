"""Initial weights from a seed, without touching the caller's random state.

torch's layers draw their weights from the global generator and take no other. The option
chosen: set it to the seed while a network is built, and put it back afterwards. (The
alternative, drawing every weight again from a generator of one's own, would repeat each
layer's own rule of initialisation.)
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

__all__ = ["seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Whatever is drawn on the CPU inside follows from the seed; outside nothing has changed.

    Example:
        >>> before = torch.get_rng_state()
        >>> with seeded(0):
        ...     first = torch.rand(2)
        >>> with seeded(0):
        ...     bool((torch.rand(2) == first).all())
        True
        >>> bool((torch.get_rng_state() == before).all())
        True
    """
    with torch.random.fork_rng(devices=[]):
        # not torch.manual_seed, which would seed the accelerators too
        torch.default_generator.manual_seed(seed)
        yield
