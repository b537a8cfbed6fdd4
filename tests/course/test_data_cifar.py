"""CIFAR-10 from disk: a small set in the same format, and everything that can be wrong with one."""

import hashlib
import os
import pickle
from typing import ClassVar

import numpy as np
import pytest

from course.data import cifar10
from course.data.cifar import CLASSES, PUBLISHED, PublishedFile
from course.data.pickles import load_plain_pickle
from course.errors import ArgumentTypeError, ArgumentValueError


class Python2Pickler(pickle._Pickler):
    """Writes bytes as Python 2 wrote its strings, and NumPy's names of that time."""

    dispatch: ClassVar = dict(pickle._Pickler.dispatch)

    def save_bytes(self, text):
        self.write(pickle.BINSTRING + len(text).to_bytes(4, "little") + text)
        self.memoize(text)

    dispatch[bytes] = save_bytes


def batch(count, seed):
    generator = np.random.default_rng(seed)
    data = generator.integers(256, size=(count, 3072), dtype=np.uint8)
    return {b"labels": generator.integers(10, size=count).tolist(), b"data": data}


def as_python_2(value, path):
    with path.open("wb") as file:
        Python2Pickler(file, protocol=2).dump(value)
    old = path.read_bytes().replace(b"cnumpy._core.multiarray\n", b"cnumpy.core.multiarray\n")
    path.write_bytes(old)


def table(folder):
    return {
        path.name: PublishedFile(
            path.stat().st_size, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        )
        for path in folder.iterdir()
    }


@pytest.fixture
def folder(tmp_path):
    inner = tmp_path / "cifar-10-batches-py"
    inner.mkdir()
    for name, count, seed in (("data_batch_1", 4, 1), ("data_batch_2", 3, 2), ("test_batch", 2, 3)):
        as_python_2(batch(count, seed), inner / name)
    return inner


def test_the_table_is_the_published_one():
    assert [*PUBLISHED] == [*(f"data_batch_{i}" for i in range(1, 6)), "test_batch"]
    assert sum(file.size for file in PUBLISHED.values()) == 186_213_868
    assert len({file.md5 for file in PUBLISHED.values()}) == 6
    assert {len(file.md5) for file in PUBLISHED.values()} == {32}


def test_batches_are_read_in_order_as_colours_from_0_to_1(folder):
    data = cifar10(folder, "train", published=table(folder))
    first, second = batch(4, 1), batch(3, 2)
    assert data.labels.tolist() == first[b"labels"] + second[b"labels"]
    assert (data.images.shape, data.images.dtype) == ((7, 32, 32, 3), np.float32)
    # 1,024 values of red come first, row by row, then green, then blue
    row, r, c = second[b"data"][2], 5, 9
    expected = [row[32 * r + c + 1024 * channel] / 255 for channel in range(3)]
    np.testing.assert_allclose(data.images[6, r, c], expected, rtol=1e-6)
    assert data.names[0] == CLASSES[first[b"labels"][0]]


def test_the_test_batch_is_found_from_the_parent_folder_too(folder):
    data = cifar10(str(folder.parent), "test", dtype=np.float64, published=table(folder))
    assert data.labels.tolist() == batch(2, 3)[b"labels"]
    assert data.images.max() <= 1
    assert data.images.dtype == np.float64


def test_a_missing_file_says_where_to_get_it(folder):
    known = table(folder)
    (folder / "data_batch_2").unlink()
    with pytest.raises(ArgumentValueError, match=r"the file data_batch_2, .*cs\.toronto\.edu"):
        cifar10(folder, published=known)


def test_a_download_cut_short_is_told_by_its_size(folder):
    known, path = table(folder), folder / "test_batch"
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ArgumentValueError, match=r"test_batch of \d+ bytes, got \d+ bytes.*short"):
        cifar10(folder, "test", published=known)


def test_a_changed_byte_is_told_by_the_sum(folder):
    known, path = table(folder), folder / "test_batch"
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(ArgumentValueError, match=r"with the MD5 sum .* The file was changed"):
        cifar10(folder, "test", published=known)


def test_the_fakes_are_not_taken_for_the_published_files(folder):
    with pytest.raises(ArgumentValueError, match="test_batch of 31035526 bytes"):
        cifar10(folder, "test")


class Hostile:
    def __reduce__(self):
        return os.mkdir, ("was-run",)


@pytest.mark.parametrize(
    "value",
    [
        Hostile(),
        {b"data": Hostile(), b"labels": [0]},
        {b"data": np.zeros((1, 3072), dtype=np.uint8)},
        {b"data": np.zeros((1, 3071), dtype=np.uint8), b"labels": [0]},
        {b"data": np.zeros((1, 3072)), b"labels": [0]},
        {b"data": np.zeros((1, 3072), dtype=np.uint8), b"labels": [10]},
        {b"data": np.zeros((1, 3072), dtype=np.uint8), b"labels": ["cat"]},
        {b"data": b"bytes", b"labels": [0]},
        [1, 2],
    ],
)
def test_what_is_no_batch_is_refused_and_not_run(tmp_path, monkeypatch, value):
    monkeypatch.chdir(tmp_path)
    inner = tmp_path / "cifar-10-batches-py"
    inner.mkdir()
    (inner / "test_batch").write_bytes(pickle.dumps(value, protocol=4))
    with pytest.raises(ArgumentValueError, match="folder: expected a batch of CIFAR-10"):
        cifar10(tmp_path, "test", published=table(inner))
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    "name", [b"cos\nsystem\n", b"cbuiltins\neval\n", b"cnumpy\nload\n", b"cnumpy\nndarray.tofile\n"]
)
def test_a_pickle_may_name_nothing_but_arrays(name):
    with pytest.raises(pickle.UnpicklingError, match="which no plain data needs"):
        load_plain_pickle(name + b".")


@pytest.mark.parametrize("content", [b"", b"nonsense", pickle.dumps([1, 2, 3])[:-2]])
def test_damaged_bytes_are_one_kind_of_error(content):
    with pytest.raises(pickle.UnpicklingError):
        load_plain_pickle(content)


@pytest.mark.usefixtures("unchecked")
def test_a_folder_that_is_no_path_is_named():
    with pytest.raises(ArgumentTypeError, match="folder: expected a path, got None"):
        cifar10(None)
