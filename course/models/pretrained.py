"""A network that knows A to Z: its weights come with the library, and nothing is downloaded.

They were trained by tools/pretrain_letters.py, and letters.md beside them says how and how well.
The file is safetensors, which can hold numbers only, and its SHA-256 sum is part of this code:
a file that was cut short, changed or exchanged is an error that says so, never a network that
sees badly.
"""

import hashlib
from importlib.resources import files
from importlib.resources.abc import Traversable

from safetensors.torch import load

from course.data.alphabets import ALPHABETS
from course.errors import DamagedFileError
from course.models.body_and_head import BodyAndHead
from course.models.networks import small_convnet

__all__ = ["SHA256", "WEIGHTS", "pretrained_letters"]

WEIGHTS: Traversable = files("course.models") / "weights" / "letters.safetensors"
SHA256 = "ccb50852cc65fc7edf3455dd569a45335b3c8ea115c5e9925da8c48e1905030a"


def pretrained_letters(*, weights: Traversable = WEIGHTS, sha256: str = SHA256) -> BodyAndHead:
    """A `small_convnet` trained on the capital letters of `course.data.letters`.

    Args:
        weights: the file; the one that comes with the library unless another is given.
        sha256: what its SHA-256 sum must be, in hexadecimal.

    Returns:
        A fresh model in evaluation mode, for images of shape (N, 3, 32, 32) from 0 to 1, whose
        26 scores are those of A to Z.

    Raises:
        DamagedFileError: if the file is missing, or is not the one that was published.

    Example:
        >>> from course.data import letters
        >>> images, labels = letters("test", count=260).to_tensors()
        >>> right = pretrained_letters()(images).argmax(dim=1) == labels
        >>> right.float().mean().item() > 0.9
        True

    Source: tools/pretrain_letters.py.
    """
    model = small_convnet(len(ALPHABETS["source"]))
    model.load_state_dict(load(_read(weights, sha256)))
    return model.eval()


def _read(weights: Traversable, sha256: str) -> bytes:
    hint = "Install the library again, or fetch this one file from its repository."
    try:
        content = weights.read_bytes()
    except OSError as error:
        raise DamagedFileError(str(weights), str(error), "the trained weights", hint) from error
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        got, expected = f"{len(content)} bytes with {found[:12]}...", "a file with the SHA-256 sum"
        raise DamagedFileError(str(weights), got, f"{expected} {sha256[:12]}...", hint)
    return content
