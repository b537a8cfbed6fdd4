"""The record of images: names, subsets, few labels, and the layout that torch wants."""

import numpy as np
import pytest
import torch

from course.data import LabelledImages, cifar10, digits, gratings, letters, shifted_digits
from course.errors import ArgumentValueError


def colour(count=6):
    images = np.random.default_rng(0).uniform(size=(count, 4, 5, 3))
    return LabelledImages(images, np.arange(count) % 2, ("cat", "dog"))


def test_names_follow_the_labels():
    assert colour().names == ["cat", "dog"] * 3
    assert LabelledImages(np.zeros((2, 3, 3)), np.array([7, 1])).names == ["7", "1"]


@pytest.mark.parametrize("label", [-1, 2])
def test_a_label_without_a_name_is_refused(label):
    with pytest.raises(ArgumentValueError, match="class_names: expected a name for every label"):
        LabelledImages(np.zeros((1, 3, 3)), np.array([label]), ("cat", "dog"))


def test_colour_pixels_are_rows_of_all_channels():
    assert colour().pixels.shape == (6, 60)
    np.testing.assert_array_equal(colour().pixels[1], colour().images[1].ravel())
    assert colour().subset([]).pixels.shape == (0, 60)


@pytest.mark.parametrize(
    ("indices", "expected"),
    [
        ([4, 0], [4, 0]),
        ([], []),
        (slice(1, 6, 2), [1, 3, 5]),
        (np.array([True, False, False, False, False, True]), [0, 5]),
        ([-1], [5]),
    ],
)
def test_a_subset_keeps_order_labels_and_names(indices, expected):
    data = colour()
    part = data.subset(indices)
    np.testing.assert_array_equal(part.images, data.images[np.array(expected, dtype=int)])
    assert part.labels.tolist() == [i % 2 for i in expected]
    assert part.class_names == ("cat", "dog")


def test_a_subset_shares_nothing():
    data = colour()
    data.subset(slice(None)).images[:] = -1
    assert data.images.min() >= 0


@pytest.mark.parametrize("indices", [[6], [True, False]])
def test_a_position_outside_is_named(indices):
    with pytest.raises(ArgumentValueError, match=r"indices: expected positions in -6..5, or 6"):
        colour().subset(np.array(indices))


def test_few_per_class_draws_that_many_distinct_images_of_each():
    data = digits("train")
    few = data.few_per_class(5, seed=3)
    assert few.labels.tolist() == sorted(list(range(10)) * 5)
    assert len({image.tobytes() for image in few.images}) == 50
    source = {im.tobytes(): label for im, label in zip(data.images, data.labels, strict=True)}
    assert [source[image.tobytes()] for image in few.images] == few.labels.tolist()
    np.testing.assert_array_equal(few.images, data.few_per_class(5, seed=3).images)
    assert not np.array_equal(few.images, data.few_per_class(5, seed=4).images)


def test_few_per_class_never_draws_an_image_twice():
    data = colour()
    every = {image.tobytes() for image in data.few_per_class(3).images}
    assert every == {image.tobytes() for image in data.images}


def test_more_than_there_are_cannot_be_drawn():
    with pytest.raises(ArgumentValueError, match="count: expected at most 3, the images of class"):
        colour().few_per_class(4)


def test_colour_tensors_have_channels_first_and_their_own_memory():
    data = colour()
    images, labels = data.to_tensors(torch.float64)
    assert images.shape == (6, 3, 4, 5)
    assert images[2, 1, 3, 4].item() == data.images[2, 3, 4, 1]
    assert (labels.dtype, labels.tolist()) == (torch.int64, data.labels.tolist())
    images[:] = -1
    labels[:] = -1
    assert data.images.min() >= 0
    assert data.labels.min() == 0


def test_grey_tensors_get_a_channel_and_the_dtype_of_weights():
    data = digits("test")
    images, _ = data.to_tensors()
    assert (images.shape, images.dtype) == ((450, 1, 8, 8), torch.float32)
    np.testing.assert_array_equal(images[7, 0].numpy(), data.images[7].astype(np.float32))


@pytest.mark.parametrize("draw", [digits, shifted_digits, gratings, letters])
def test_an_unknown_split_is_named_by_every_data_set(draw):
    with pytest.raises(ArgumentValueError, match=f"split: .*{draw.__name__}"):
        draw("validation")
    with pytest.raises(ArgumentValueError, match=r"split: .*cifar10"):
        cifar10("folder", "validation")


@pytest.mark.parametrize("draw", [shifted_digits, gratings, letters])
def test_what_is_drawn_repeats_by_seed_and_leaves_the_global_seeds_alone(draw):
    before = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    first, again, other = draw("train"), draw("train"), draw("train", seed=5)
    np.testing.assert_array_equal(first.images, again.images)
    np.testing.assert_array_equal(first.labels, again.labels)
    assert not np.array_equal(first.images, other.images)
    np.testing.assert_array_equal(np.random.get_state()[1], before[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[1])


@pytest.mark.parametrize("draw", [shifted_digits, gratings, letters])
def test_no_test_image_is_a_training_image(draw):
    train, test = ({im.tobytes() for im in draw(split).images} for split in ("train", "test"))
    assert not train & test


@pytest.mark.parametrize("draw", [shifted_digits, gratings, letters])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_run_from_0_to_1_in_the_dtype_asked_for(draw, dtype):
    images = draw("test", dtype=dtype).images
    assert images.dtype == dtype
    assert 0 <= images.min() < 0.05
    assert 0.95 < images.max() <= 1
