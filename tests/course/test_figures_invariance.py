"""The figures of invariance: what they say is drawn from the numbers."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from course import figures
from course.errors import ArgumentError
from course.invariance import LayerInvariance, dilation
from course.scattering import filter_bank

RECORDS = [LayerInvariance("0", "Conv2d", 0.5, 1.2), LayerInvariance("pool", "MaxPool2d", 0.2, 1.1)]


def test_a_curve_for_each_classifier_and_a_mark_at_each_multiple():
    curves = {"max": [0.9, 0.5, 0.9, 0.4, 0.9], "blur": [0.8] * 5}
    (axes,) = figures.accuracy_against_shift(curves, range(5), period=2).axes
    np.testing.assert_array_equal(axes.lines[0].get_ydata(), curves["max"])
    np.testing.assert_array_equal(axes.lines[1].get_ydata(), curves["blur"])
    assert [line.get_xdata()[0] for line in axes.lines[2:]] == [0, 2, 4]
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["max", "blur"]


def test_maps_share_one_scale_and_are_drawn_with_down_downwards():
    low, high = np.zeros((3, 3)), np.full((3, 3), 1.5)
    first, second, bar = figures.sensitivity_maps({"a": low, "b": high}).axes
    np.testing.assert_array_equal(second.images[0].get_array(), high)
    assert first.images[0].get_clim() == second.images[0].get_clim() == (0, 1.5)
    left, right, bottom, top = first.images[0].get_extent()
    assert (left, right, bottom, top) == (-1.5, 1.5, 1.5, -1.5)
    assert "distance" in bar.get_ylabel()


def test_both_norms_are_shown_side_by_side():
    left, right = figures.invariance_with_depth(RECORDS).axes
    assert [bar.get_width() for bar in left.patches] == [0.5, 0.2]
    assert [bar.get_width() for bar in right.patches] == [1.2, 1.1]
    assert [label.get_text() for label in left.get_yticklabels()] == ["0 Conv2d", "pool"]
    assert [text.get_text() for text in left.texts] == ["0.50", "0.20"]


def test_errors_are_bars_on_a_logarithmic_scale_and_rounding_is_written():
    (axes,) = figures.equivariance_bars({"a": 0.25, "b": 3e-7, "c": 0.0}).axes
    ends = [bar.get_x() + bar.get_width() for bar in axes.patches]
    np.testing.assert_allclose(ends, [0.25, 3e-7, 1e-9])
    assert [text.get_text() for text in axes.texts] == ["0.25", "3e-07", "0"]
    assert axes.get_xscale() == "log"


def test_wavelets_are_those_of_the_bank():
    figure = figures.scattering_filters(1, 3, side=16)
    bank = filter_bank(1, (16, 16), L=3)
    for axes, psi in zip(figure.axes, bank.psi[0], strict=True):
        tile = axes.images[0].get_array()
        centre = tile.shape[0] // 2
        assert tile[centre, centre] == pytest.approx(np.fft.ifft2(psi).real[0, 0])


def test_the_mesh_moves_along():
    image = np.zeros((6, 6))
    image[2, 3] = 1
    fields = {"still": torch.zeros(2, 6, 6), "down": torch.zeros(2, 6, 6)}
    fields["down"][0] = 1
    still, down = figures.deformation_grid(image, fields, every=3).axes
    np.testing.assert_array_equal(still.images[0].get_array(), image)
    np.testing.assert_array_equal(down.images[0].get_array()[1:], image[:-1])
    np.testing.assert_array_equal(still.lines[0].get_ydata(), 0)
    np.testing.assert_array_equal(down.lines[0].get_ydata(), 1)
    assert down.get_title() == "down\nat most 1.0 pixels"


def test_importing_them_does_not_import_torch():
    code = "import sys, course.figures.invariance; print('torch' in sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "False"


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("draw", "message"),
    [
        (lambda: figures.accuracy_against_shift({}, [0]), "accuracies: .*1 to 4"),
        (lambda: figures.accuracy_against_shift([0.5], [0]), "accuracies: .*a list"),
        (lambda: figures.accuracy_against_shift({"a": [1.0]}, [0, 1]), r"accuracies\['a'\]: .*2"),
        (lambda: figures.accuracy_against_shift({"a": [1.0]}, [0], period=0), "period: "),
        (lambda: figures.sensitivity_maps({"a": np.zeros((3, 4))}), r"maps\['a'\]: .*odd"),
        (lambda: figures.sensitivity_maps({"a": np.zeros((2, 2))}), r"maps\['a'\]: .*odd"),
        (lambda: figures.invariance_with_depth([]), "layers: "),
        (lambda: figures.invariance_with_depth([0.5]), "layers: .*a float"),
        (lambda: figures.equivariance_bars({"a": -0.1}), "errors: .*>= 0"),
        (lambda: figures.equivariance_bars({"a": np.nan}), "errors: .*NaN"),
        (lambda: figures.scattering_filters(6, 8), "J: expected at most 5"),
        (lambda: figures.deformation_grid(np.eye(4), {}), "displacements: .*1 to 5"),
        (lambda: figures.deformation_grid(np.eye(4), {"a": dilation(4, 5, 2)}), "displacement: "),
        (lambda: figures.deformation_grid(np.zeros(4), {"a": dilation(4, 4, 2)}), "image: "),
    ],
)
def test_what_cannot_be_drawn_is_named(draw, message):
    with pytest.raises(ArgumentError, match=message):
        draw()
