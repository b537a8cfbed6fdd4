"""The figures: what they say is drawn from the numbers, and pyplot is never touched."""

import subprocess
import sys

import matplotlib as mpl
import numpy as np
import pytest
import torch
from IPython.core.formatters import DisplayFormatter
from matplotlib.figure import Figure

from course import figures
from course.augmentation import random_flip
from course.data import LabelledImages, digits
from course.errors import ArgumentError
from course.features import BagOfVisualWords
from course.figures.checks import _errors
from course.invariance import LayerInvariance
from course.learner import Recorder
from course.linear import LinearClassifier
from course.lr_finder import LRRangeTest
from course.schedules import constant

LECTURE = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
NAMES = ["cat", "car", "frog"]


def few(count):
    data = digits("test")
    return LabelledImages(data.images[:count], data.labels[:count])


def range_test(seed):
    rates = np.geomspace(1e-5, 10, 60)
    losses = 2.3 - 2 / (1 + 0.01 / rates) + rates**2 / 9
    noise = np.random.default_rng(seed).normal(scale=0.05, size=60)
    return LRRangeTest(rates, losses + noise, losses, "finished")


def trained():
    recorder = Recorder()
    for loss in (2.0, 1.0):
        recorder.add_batch(loss, (0.01, 0.1))
        recorder.add_epoch(1, loss, {"accuracy": 1 / loss})
    return recorder


DRAWN = {
    "accuracy_by_step": lambda: figures.accuracy_by_step({"head": [0.5, 0.6], "all": [0.7, 0.6]}),
    "augmentation_grid": lambda: figures.augmentation_grid(torch.rand(3, 8, 8), random_flip()),
    "learner_losses": lambda: figures.learner_losses(trained()),
    "learner_rates": lambda: figures.learner_rates(trained()),
    "dropout_masks": lambda: figures.dropout_masks(np.eye(4), count=2),
    "feature_accuracies": lambda: figures.feature_accuracies({"hue": 0.5, "HOG": [0.4, 0.6]}),
    "hog_glyphs": lambda: figures.hog_glyphs(few(2).images, cell=4),
    "train_validation_gap": lambda: figures.train_validation_gap([0.1, 1], [1, 0.9], [0.7, 0.8]),
    "visual_words": lambda: figures.visual_words(BagOfVisualWords(5, 3).fit(few(9).images)),
    "class_samples": lambda: figures.class_samples(few(7), per_class=2),
    "margin_losses": figures.margin_losses,
    "gradient_check_errors": figures.gradient_check_errors,
    "loss_curve": lambda: figures.loss_curve([3.0, 2.0, 1.0], expected_start=3.0),
    "scores_as_bars": lambda: figures.scores_as_bars(LECTURE, np.arange(3), names=NAMES),
    "digit_samples": lambda: figures.digit_samples(few(7), rows=2, columns=4),
    "digit_templates": lambda: figures.digit_templates(np.eye(64)[:, :10]),
    "range_test_curves": lambda: figures.range_test_curves([range_test(0), range_test(1)]),
    "rates_above_accuracy": lambda: figures.rates_above_accuracy(
        {"SGDR": np.ones(9)}, {"SGDR": [0.5, 0.7, 0.8]}, restarts=[3]
    ),
    "restart_cycles": figures.restart_cycles,
    "schedule_curves": lambda: figures.schedule_curves({"constant": constant(0.1)}, 9),
    "accuracy_against_shift": lambda: figures.accuracy_against_shift(
        {"max": [0.9, 0.5, 0.9], "blur": [0.8, 0.8, 0.8]}, [0, 1, 2], period=2
    ),
    "deformation_grid": lambda: figures.deformation_grid(np.eye(8), {"a": np.zeros((2, 8, 8))}),
    "equivariance_bars": lambda: figures.equivariance_bars({"convolution": 1e-7, "pooling": 0.3}),
    "invariance_with_depth": lambda: figures.invariance_with_depth(
        [LayerInvariance("0", "Conv2d", 0.5, 1.2), LayerInvariance("1", "ReLU", 0.2, 1.0)]
    ),
    "scattering_filters": lambda: figures.scattering_filters(2, 4, side=16),
    "sensitivity_maps": lambda: figures.sensitivity_maps({"pixels": np.ones((5, 5))}),
}


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_every_public_figure_is_drawn_here():
    assert set(DRAWN) == set(figures.__all__)


@pytest.mark.parametrize("name", DRAWN)
def test_each_is_a_figure_that_renders_and_shows_itself(name):
    figure = DRAWN[name]()
    assert isinstance(figure, Figure)
    bundle, _ = DisplayFormatter().format(figure)
    assert bundle["image/png"]


@pytest.mark.parametrize("name", DRAWN)
def test_each_has_a_title_and_readable_text(name):
    figure = DRAWN[name]()
    assert figure.get_suptitle() or figure.axes[0].get_title(loc="left")
    visible = [t for t in figure.findobj(mpl.text.Text) if t.get_text() and t.get_visible()]
    assert min(text.get_fontsize() for text in visible) >= 10


@pytest.mark.parametrize("name", DRAWN)
def test_nothing_is_cut_off_at_the_edge(name):
    figure = DRAWN[name]()
    figure.draw_without_rendering()  # lays it out; the draw() of a bare canvas does not
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert 0 <= drawn.x0 < drawn.x1 <= width
    assert 0 <= drawn.y0 < drawn.y1 <= height


def test_pyplot_is_not_imported_and_settings_are_put_back():
    code = """
import sys, matplotlib
before = dict(matplotlib.rcParams)
from course import figures
figures.margin_losses()._repr_png_()
assert dict(matplotlib.rcParams) == before
assert "matplotlib.pyplot" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True)


def test_margin_losses_draws_the_two_formulas():
    hinge, entropy = figures.margin_losses().axes[0].lines[:2]
    m = hinge.get_xdata()
    np.testing.assert_allclose(hinge.get_ydata(), np.maximum(0, 1 - m), atol=1e-12)
    np.testing.assert_allclose(entropy.get_ydata(), np.log1p(np.exp(-m)), rtol=1e-12)


def test_bars_show_the_scores_the_line_and_what_rises_above_it():
    cat, car, frog = figures.scores_as_bars(LECTURE, np.arange(3), names=NAMES).axes
    assert [bar.get_height() for bar in cat.patches[:3]] == [3.2, 5.1, -1.7]
    assert cat.lines[1].get_ydata()[0] == pytest.approx(2.2)
    assert cat.patches[3].get_height() == pytest.approx(2.9)
    assert [t for t in texts(cat) if t.startswith("+")] == ["+2.9"]
    assert [t for t in texts(car) if t.startswith("+")] == []
    assert [t for t in texts(frog) if t.startswith("+")] == ["+6.3", "+6.6"]
    assert [label.get_text() for label in cat.get_xticklabels()] == [
        "cat\n(correct)",
        "car",
        "frog",
    ]


def test_bars_of_a_single_image_and_of_tensors():
    (axes,) = figures.scores_as_bars(LECTURE[0], 0).axes
    assert axes.get_title() == "class 0: loss 2.9"
    tensor = torch.tensor(LECTURE, requires_grad=True)
    assert len(figures.scores_as_bars(tensor, torch.arange(3)).axes) == 3


def test_templates_share_a_scale_that_is_symmetric_about_0():
    data = digits("train")
    model = LinearClassifier(epochs=2).fit(data.pixels, data.labels)
    *tiles, _ = figures.digit_templates(model).axes
    limit = abs(model.weights_).max()
    assert [axes.get_title() for axes in tiles] == list("0123456789")
    assert {axes.images[0].get_clim() for axes in tiles} == {(-limit, limit)}
    np.testing.assert_array_equal(tiles[4].images[0].get_array(), model.templates((8, 8))[4])


def test_templates_of_zero_weights_and_of_a_tensor_can_be_drawn():
    figure = figures.digit_templates(torch.zeros(6, 3), image_shape=(2, 3), classes="abc")
    assert [axes.get_title() for axes in figure.axes[:3]] == ["a", "b", "c"]


@pytest.mark.parametrize(("count", "shown"), [(1, 1), (7, 7), (30, 8)])
def test_samples_show_as_many_as_there_are_or_fit(count, shown):
    data = few(count)
    figure = figures.digit_samples(data, rows=2, columns=4)
    assert [axes.get_title() for axes in figure.axes] == list(map(str, data.labels[:shown]))
    np.testing.assert_array_equal(figure.axes[0].images[0].get_array(), data.images[0])


def test_the_running_mean_of_a_loss_is_over_the_last_steps():
    raw, smooth = figures.loss_curve([4.0, 2.0, 0.0, 1.0], window=2).axes[0].lines
    np.testing.assert_allclose(raw.get_ydata(), [4, 2, 0, 1])
    np.testing.assert_allclose(smooth.get_ydata(), [4, 3, 1, 0.5])


def test_several_losses_are_named():
    axes = figures.loss_curve({"a": [1.0, 0.5], "b": [2.0, 0.1]}, expected_start=2.0).axes[0]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["a", "b", "at $W = 0$: 2"]


def test_the_errors_of_numerical_gradients_have_the_known_orders():
    one_sided, central = _errors(np.array([1e-4, 1e-3, 1e-2]), np.random.default_rng(0))
    np.testing.assert_allclose(one_sided[1:] / one_sided[:-1], 10, rtol=0.15)
    np.testing.assert_allclose(central[1:] / central[:-1], 100, rtol=0.15)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.loss_curve([]), "history: "),
        (lambda: figures.loss_curve([1.0, np.nan]), "history: .*NaN"),
        (lambda: figures.loss_curve("falling"), "history: expected numbers"),
        (lambda: figures.loss_curve({}), "history: .*1 to 4"),
        (lambda: figures.loss_curve([1.0], window=0), "window: "),
        (lambda: figures.scores_as_bars(LECTURE, np.array([0, 1])), "targets: "),
        (lambda: figures.scores_as_bars(LECTURE, np.array([0, 1, 3])), "targets: .*got 3"),
        (lambda: figures.scores_as_bars(LECTURE, np.arange(3), names=["cat"]), "names: .*3 names"),
        (lambda: figures.scores_as_bars(LECTURE * np.nan, np.arange(3)), "scores: .*NaN"),
        (lambda: figures.digit_templates(np.ones((65, 10))), r"image_shape: .*65.*bias"),
        (lambda: figures.digit_templates(np.ones(64)), "weights: .*2 dimensions"),
        (lambda: figures.digit_templates(np.ones((64, 10)), classes="ab"), "classes: "),
        (lambda: figures.digit_samples(few(0)), "data: "),
        (lambda: figures.digit_samples(few(3), rows=0), "rows, columns: "),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
