"""Check the shapes that annotations promise, draw without a display, and compute on one thread.

The import hook must be in place before the library is imported, hence its place here and
not in a fixture. What is wrong on purpose is called under the `unchecked` fixture, so that
the library's own errors show and not those of the shape checker.
"""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings
from jaxtyping import config, install_import_hook

os.environ["MPLBACKEND"] = "agg"

CHECKED = [
    "arrays",
    "augmentation",
    "data",
    "features",
    "figures",
    "finetuning",
    "gradients",
    "invariance",
    "learner",
    "linear",
    "losses",
    "lr_finder",
    "models",
    "regularization",
    "scattering",
    "schedules",
    "tta",
]
install_import_hook([f"course.{name}" for name in CHECKED], "beartype.beartype")

import torch  # noqa: E402 - after the hook, as everything that might import the library

torch.set_num_threads(1)
settings.register_profile("course", deadline=None)  # slow cores are no failure
settings.load_profile("course")


@pytest.fixture
def unchecked() -> Iterator[None]:
    """Arguments reach the library although they break its annotations."""
    config.update("jaxtyping_disable", True)
    yield
    config.update("jaxtyping_disable", False)
