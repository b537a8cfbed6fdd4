"""The digits: their split, their scale, and that nobody shares arrays."""

import dataclasses

import numpy as np
import pytest
from jaxtyping import TypeCheckError
from sklearn.datasets import load_digits

from course.data import LabelledImages, digits
from course.errors import ArgumentTypeError, ArgumentValueError


def rows(data):
    return {image.tobytes() for image in data.images}


def test_the_halves_hold_every_digit_of_the_source_once():
    images = np.concatenate([digits("train").images, digits("test").images]) * 16
    order, source = np.lexsort(images.reshape(-1, 64).T), load_digits()
    expected = source.images[np.lexsort(source.data.T)]
    np.testing.assert_array_equal(images[order], expected)


def test_no_test_image_was_trained_on():
    assert len(digits("train")) + len(digits("test")) == 1797
    assert not rows(digits("train")) & rows(digits("test"))


def test_images_keep_their_labels():
    source = load_digits()
    labels = dict(zip(map(bytes, source.images.astype(np.uint8)), source.target, strict=True))
    for split in ("train", "test"):
        data = digits(split)
        keys = map(bytes, (data.images * 16).astype(np.uint8))
        assert [labels[key] for key in keys] == data.labels.tolist()


def test_every_digit_has_the_same_share_in_both_halves():
    train, test = (np.bincount(digits(split).labels) for split in ("train", "test"))
    np.testing.assert_allclose(train / train.sum(), test / test.sum(), atol=0.003)


def test_grey_values_run_from_0_to_1():
    images = digits("train").images
    assert (images.min(), images.max(), images.dtype) == (0, 1, np.float64)


def test_the_split_is_the_same_for_everyone():
    assert digits("train").labels[:12].tolist() == [7, 3, 6, 6, 7, 6, 7, 9, 2, 9, 0, 9]
    assert digits("test").labels[:12].tolist() == [2, 0, 4, 9, 4, 1, 2, 4, 6, 7, 9, 1]


def test_a_seed_draws_another_split_and_repeats_it():
    first, again, other = digits("test", seed=1), digits("test", seed=1), digits("test")
    np.testing.assert_array_equal(first.images, again.images)
    assert not np.array_equal(first.images, other.images)


def test_the_global_seed_is_left_alone():
    state = np.random.get_state()[1].copy()  # noqa: NPY002 - the global one is the point
    digits("train", seed=987)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_each_call_returns_arrays_of_its_own():
    mine = digits("train")
    mine.images[:] = -1
    mine.labels[:] = -1
    assert digits("train").images.min() == 0
    assert digits("train").labels.min() == 0


@pytest.mark.parametrize("dtype", [np.float32, "float16", np.float64])
def test_the_floating_dtype_is_chosen(dtype):
    assert digits("train", dtype=dtype).images.dtype == np.dtype(dtype)


def test_pixels_are_the_images_as_rows():
    data = digits("test")
    np.testing.assert_array_equal(data.pixels[3], data.images[3].ravel())


def test_the_record_is_frozen_and_checks_its_shapes():
    data = digits("test")
    with pytest.raises(dataclasses.FrozenInstanceError):
        data.labels = None
    with pytest.raises(TypeCheckError):
        LabelledImages(data.images, data.labels[:3])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("split", ["validation", "", None])
def test_an_unknown_split_is_named(split):
    with pytest.raises(ArgumentValueError, match="split: expected 'train' or 'test'"):
        digits(split)


@pytest.mark.parametrize("dtype", [np.int64, "uint8", bool, complex])
def test_a_dtype_that_is_not_floating_is_named(dtype):
    with pytest.raises(ArgumentTypeError, match="dtype: expected a floating dtype"):
        digits("train", dtype=dtype)
