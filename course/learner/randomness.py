"""Random numbers that follow from a seed and a place, not from what was drawn before.

The option chosen: each draw (the order of an epoch, the views of a batch, what dropout drops in
a step) has a seed of its own, made from the learner's seed and the numbers of the fit and the
step. An interrupted training therefore goes on to the same bits without any random state in its
checkpoint. (The alternative, one generator whose state is saved, breaks as soon as anything
draws once more or less.)
"""

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["ORDER", "TTA", "VIEWS", "WITHIN", "derived_seed", "generator_on", "seeded"]

ORDER, VIEWS, WITHIN, TTA = range(4)


def derived_seed(seed: int, *place: int) -> int:
    """A seed for one place, unrelated to that of any other place.

    Example:
        >>> derived_seed(0, ORDER, 1) == derived_seed(0, ORDER, 1)
        True
        >>> derived_seed(0, ORDER, 1) == derived_seed(0, ORDER, 2)
        False
    """
    word = np.random.SeedSequence([seed, *place]).generate_state(1, np.uint64)[0]
    return int(word) >> 1  # torch wants it below 2 ** 63


def generator_on(device: torch.device, seed: int, *place: int) -> torch.Generator:
    """A generator on a device, for one place.

    Example:
        >>> generator_on(torch.device("cpu"), 0, VIEWS).device.type
        'cpu'
    """
    return torch.Generator(device).manual_seed(derived_seed(seed, *place))


@contextmanager
def seeded(device: torch.device, seed: int, *place: int) -> Iterator[None]:
    """Whatever layers draw inside, such as dropout, follows from the place; then all is as before.

    torch's layers draw from the global generator of their device and take no other. It is set
    for the block and put back, on the CPU and on `device`.

    Example:
        >>> before = torch.get_rng_state()
        >>> with seeded(torch.device("cpu"), 0, WITHIN, 3):
        ...     _ = torch.rand(2)
        >>> bool((torch.get_rng_state() == before).all())
        True
    """
    on_cpu = device.type == "cpu"
    number = derived_seed(seed, *place)
    with torch.random.fork_rng([] if on_cpu else [device], device_type=_kind(device)):
        torch.default_generator.manual_seed(number)
        if not on_cpu:
            _seed_accelerator(device, number)
        yield


def _kind(device: torch.device) -> str:
    return "cuda" if device.type == "cpu" else device.type


def _seed_accelerator(device: torch.device, number: int) -> None:
    module = torch.get_device_module(device)
    if device.type == "cuda":
        with torch.cuda.device(device):
            module.manual_seed(number)
    else:
        module.manual_seed(number)
