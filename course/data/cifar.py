"""CIFAR-10 from files on disk, for those who have them; nothing is ever downloaded.

The files are pickles, so two things stand between them and the reader: each must have the size
and the MD5 sum that its authors published, and is then read by `load_plain_pickle`, which can
build arrays and nothing else. (MD5 no longer withstands a forger; hence the second.) Sum and
reader see the same bytes, read once. torchvision would do the first alone, and is not needed.
"""

import hashlib
import pickle
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from course.arrays import describe
from course.data.arguments import require_floating, require_split
from course.data.labelled import LabelledImages
from course.data.pickles import load_plain_pickle
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["CLASSES", "PUBLISHED", "PublishedFile", "cifar10"]


@dataclass(frozen=True)
class PublishedFile:
    """What is known of a file before it is read: its length in bytes and its MD5 sum."""

    size: int
    md5: str


# sizes and sums of cifar-10-python.tar.gz (MD5 c58f30108f718f92721af3b95e74349a), unpacked
PUBLISHED: Mapping[str, PublishedFile] = {
    "data_batch_1": PublishedFile(31035704, "c99cafc152244af753f735de768cd75f"),
    "data_batch_2": PublishedFile(31035320, "d4bba439e000b95fd0a9bffe97cbabec"),
    "data_batch_3": PublishedFile(31035999, "54ebc095f3ab1f0389bbae665268c751"),
    "data_batch_4": PublishedFile(31035696, "634d18415352ddfa80567beed471001a"),
    "data_batch_5": PublishedFile(31035623, "482c414d41f54cd18b22e5b47cb7c3cb"),
    "test_batch": PublishedFile(31035526, "40351d587109b95175f43aff81a1287e"),
}
CLASSES = tuple("airplane automobile bird cat deer dog frog horse ship truck".split())
UNPACKED = "cifar-10-batches-py"
SIDE = 32
GET_THEM = (
    "Download cifar-10-python.tar.gz from https://www.cs.toronto.edu/~kriz/cifar.html, unpack it, "
    f"and give the folder {UNPACKED} or the one that holds it."
)


def cifar10(
    folder: str | Path,
    split: str = "train",
    *,
    dtype: npt.DTypeLike = np.float32,
    published: Mapping[str, PublishedFile] = PUBLISHED,
) -> LabelledImages:
    """CIFAR-10: 50,000 training and 10,000 test photographs of ten classes, 32 x 32 pixels.

    Args:
        folder: where the "python version" was unpacked: cifar-10-batches-py, or its parent.
        split: "train" for the five data batches in their order, "test" for the test batch.
        dtype: the floating dtype of the images; float32 takes 614 MB for the training images.
        published: what each file must be; those of another data set in the same format, of
            which those named data_batch... are for training and test_batch... for testing.

    Returns:
        Images of shape (N, 32, 32, 3) from 0 to 1, with class names.

    Raises:
        ArgumentTypeError: if `folder` is no path, or `dtype` no floating dtype.
        ArgumentValueError: if `split` cannot be right, or a file is missing, of another size,
            of another sum, or no batch of images.

    Example:
        >>> cifar10("no/such/folder")
        Traceback (most recent call last):
        course.errors.ArgumentValueError: folder: expected a folder with the file data_batch_1, \
got 'no/such/folder'. Download cifar-10-python.tar.gz from \
https://www.cs.toronto.edu/~kriz/cifar.html, unpack it, and give the folder \
cifar-10-batches-py or the one that holds it.

    Source: A. Krizhevsky, "Learning multiple layers of features from tiny images", 2009; the
    sums are those that torchvision checks.
    """
    half, floating = require_split(split, "cifar10"), require_floating(dtype)
    if not isinstance(folder, str | Path):
        raise ArgumentTypeError("folder", describe(folder), "a path", "Use a str or a Path.")
    prefix = "data_batch" if half == "train" else "test_batch"
    names = sorted(name for name in published if name.startswith(prefix))
    contents = [_read(Path(folder), name, published[name]) for name in names]
    batches = [_batch(name, content) for name, content in zip(names, contents, strict=True)]
    images = np.concatenate([images for images, _ in batches]).astype(floating)
    images /= 255
    return LabelledImages(images, np.concatenate([labels for _, labels in batches]), CLASSES)


def _read(folder: Path, name: str, expected: PublishedFile) -> bytes:
    """The bytes of a file, once they are known to be the published ones."""
    path = next((p for p in (folder / name, folder / UNPACKED / name) if p.is_file()), None)
    if path is None:
        wanted = f"a folder with the file {name}"
        raise ArgumentValueError("folder", repr(str(folder)), wanted, GET_THEM)
    # the size first: a wrong file may be too large to read
    size = path.stat().st_size
    if size != expected.size:
        wanted, got = f"{name} of {expected.size} bytes", f"{size} bytes"
        hint = "The download may have been cut short, or this is the binary version. " + GET_THEM
        raise ArgumentValueError("folder", got, wanted, hint)
    content = path.read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if md5 != expected.md5:
        wanted = f"{name} with the MD5 sum {expected.md5}"
        raise ArgumentValueError("folder", md5, wanted, "The file was changed. " + GET_THEM)
    return content


def _batch(name: str, content: bytes) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Images of shape (N, 32, 32, 3) and labels of one batch."""
    try:
        batch: Any = load_plain_pickle(content)
        rows, labels = batch[b"data"], np.asarray(batch[b"labels"], dtype=np.int64)
        images = rows.reshape(len(labels), 3, SIDE, SIDE).transpose(0, 2, 3, 1)
        if images.dtype != np.uint8 or not np.isin(labels, np.arange(len(CLASSES))).all():
            raise ValueError("its images or labels are no bytes or no classes")
    except (pickle.UnpicklingError, KeyError, TypeError, ValueError, AttributeError) as error:
        wanted = f"a batch of CIFAR-10 in {name}"
        raise ArgumentValueError("folder", f"something else ({error})", wanted, GET_THEM) from None
    return images, labels
