"""Samples by class: each image under the name of its own class, whatever the data."""

import numpy as np
import pytest

from course.data import LabelledImages, digits, gratings, letters, shifted_digits
from course.errors import ArgumentError
from course.figures import class_samples

SETS = {
    "letters": lambda: letters("train", count=208),
    "nigerian letters": lambda: letters("train", "target", count=96),
    "gratings": gratings,
    "shifted digits": shifted_digits,
    "digits": digits,
}


@pytest.mark.parametrize("name", SETS)
def test_every_class_is_shown_by_name_with_images_of_its_own(name):
    data = SETS[name]()
    figure = class_samples(data, per_class=3)
    names = list(data.class_names)
    assert [axes.get_title() for axes in figure.axes] == names
    for label, axes in enumerate(figure.axes):
        drawn = [np.asarray(image.get_array()) for image in axes.images]
        np.testing.assert_array_equal(drawn, data.images[data.labels == label][:3])


def test_images_stand_side_by_side_in_frames_and_upright():
    (axes,) = class_samples(digits("test").subset([0, 0]), per_class=3).axes
    assert [tuple(image.get_extent()) for image in axes.images] == [
        (0, 1, 0, 1),
        (1.1, 2.1, 0, 1),
    ]
    assert [frame.get_x() for frame in axes.patches] == [0, 1.1]
    assert axes.images[0].origin == "upper"
    assert axes.get_xlim()[1] > 3.2  # the third place stays empty


def test_classes_without_images_and_names_are_left_out_or_numbered():
    data = LabelledImages(np.zeros((3, 4, 4)), np.array([7, 2, 7]))
    assert [axes.get_title() for axes in class_samples(data).axes] == ["2", "7"]


@pytest.mark.parametrize(("columns", "rows"), [(1, 10), (4, 3), (99, 1)])
def test_columns_are_as_asked_for(columns, rows):
    figure = class_samples(digits("test"), columns=columns)
    assert figure.axes[0].get_gridspec().nrows == rows


@pytest.mark.parametrize("name", SETS)
def test_nothing_is_cut_off_or_overlaps(name):
    figure = class_samples(SETS[name]())
    figure.canvas.draw()
    drawn, (width, height) = figure.get_tightbbox(), figure.get_size_inches()
    assert 0 <= drawn.x0 < drawn.x1 <= width
    assert 0 <= drawn.y0 < drawn.y1 <= height
    boxes = [axes.get_tightbbox() for axes in figure.axes]
    overlaps = [(i, j) for i, a in enumerate(boxes) for j in range(i) if a.overlaps(boxes[j])]
    assert overlaps == []


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"data": digits("test").subset([])}, "data: expected at least one, got no image"),
        ({"per_class": 0}, "per_class: "),
        ({"columns": 1.5}, "columns: "),
    ],
)
def test_what_cannot_be_drawn_is_named(arguments, message):
    with pytest.raises(ArgumentError, match=message):
        class_samples(**{"data": digits("test"), **arguments})
