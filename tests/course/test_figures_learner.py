"""The figures of the learner and of augmentation: they show the numbers that they were given."""

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure

from course.augmentation import random_affine, random_flip
from course.errors import ArgumentError
from course.figures.augmentation import augmentation_grid
from course.figures.learner import accuracy_by_step, learner_losses, learner_rates
from course.learner import Recorder


def recorded():
    """Two epochs of two batches; the first group is frozen in the first epoch."""
    recorder = Recorder()
    for loss, rates in [(2.0, (0.0, 0.2)), (1.5, (0.0, 0.1))]:
        recorder.add_batch(loss, rates)
    recorder.add_epoch(2, 1.2, {"accuracy": 0.5})
    for loss, rates in [(1.0, (0.02, 0.2)), (0.5, (0.01, 0.1))]:
        recorder.add_batch(loss, rates)
    recorder.add_epoch(2, 0.8, {"accuracy": 0.75})
    return recorder


def test_the_losses_of_batches_epochs_and_the_validation_set_are_drawn_at_their_steps():
    batches, train, valid = recorded().plot_losses().axes[0].get_lines()
    assert batches.get_ydata().tolist() == [2.0, 1.5, 1.0, 0.5]
    assert train.get_xydata().tolist() == [[2, 1.75], [4, 0.75]]
    assert valid.get_xydata().tolist() == [[2, 1.2], [4, 0.8]]


def test_each_group_has_a_line_of_rates_and_a_frozen_one_none():
    figure = recorded().plot_rates()
    upper, lower = figure.axes
    head, first = upper.get_lines()
    assert (head.get_label(), first.get_label()) == ("head", "group 0")
    assert head.get_ydata().tolist() == [0.2, 0.1, 0.2, 0.1]
    np.testing.assert_array_equal(first.get_ydata(), [np.nan, np.nan, 0.02, 0.01])
    assert lower.get_lines()[0].get_xydata().tolist() == [[2, 0.5], [4, 0.75]]
    assert lower.get_ylabel() == "accuracy"


def test_a_bar_of_the_waterfall_reaches_from_the_mean_before_to_its_own():
    figure = accuracy_by_step({"a": [0.4, 0.6], "b": [0.7, 0.9], "c": [0.6, 0.8]}, chance=0.1)
    axes = figure.axes[0]
    ends = [(bar.get_y(), bar.get_y() + bar.get_height()) for bar in axes.patches]
    np.testing.assert_allclose(ends, [(0, 0.5), (0.5, 0.8), (0.8, 0.7)])
    assert [text.get_text() for text in axes.texts] == ["0.500", "+0.300", "-0.100"]
    dots = [line.get_ydata().tolist() for line in axes.get_lines() if line.get_marker() == "o"]
    assert dots == [[0.4, 0.6], [0.7, 0.9], [0.6, 0.8]]
    assert [bool(bar.get_hatch()) for bar in axes.patches] == [False, False, True]


@pytest.mark.parametrize("channels", [1, 3])
def test_the_grid_begins_with_the_image_and_goes_on_with_its_views(channels):
    image = torch.rand(channels, 6, 6, generator=torch.Generator().manual_seed(0))
    figure = augmentation_grid(image, random_flip(1), rows=2, columns=3)
    shown = [np.asarray(axes.images[0].get_array()).reshape(6, 6, channels) for axes in figure.axes]
    picture = np.moveaxis(image.numpy(), 0, 2)
    np.testing.assert_allclose(shown[0], picture)
    assert len(shown) == 6
    for view in shown[1:]:
        np.testing.assert_allclose(view, picture[:, ::-1])


def test_equal_seeds_draw_equal_grids():
    image = torch.rand(1, 6, 6)
    grids = [augmentation_grid(image, random_affine(), seed=seed) for seed in (0, 0, 1)]
    first, again, other = (np.asarray(grid.axes[3].images[0].get_array()) for grid in grids)
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("draw", [learner_losses, learner_rates])
def test_there_is_nothing_to_draw_before_an_epoch(draw):
    with pytest.raises(ArgumentError, match=r"recorder: .*learner\.fit"):
        draw(Recorder())


def test_a_recorder_without_metrics_shows_the_validation_loss():
    recorder = Recorder()
    recorder.add_batch(1.0, (0.1,))
    recorder.add_epoch(1, 0.9, {})
    figure = recorder.plot_rates()
    assert isinstance(figure, Figure)
    assert figure.axes[1].get_ylabel() == "valid loss"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: accuracy_by_step({}), "accuracies: .*no step"),
        (lambda: accuracy_by_step({"a": [0.1], "b": [0.1, 0.2]}), "accuracies: .*a: 1, b: 2"),
        (lambda: accuracy_by_step({"a": [np.nan]}), "accuracies: .*NaN"),
        (lambda: augmentation_grid(torch.rand(2, 4, 4), random_flip()), "image: .*1, H, W"),
        (lambda: augmentation_grid([[1.0]], random_flip()), "image: .*list"),
        (lambda: augmentation_grid(torch.rand(1, 4, 4), random_flip(), columns=1), "columns: "),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
