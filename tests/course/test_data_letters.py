"""Letters in colour: whole, balanced, readable, and in faces that the other half never shows."""

import unicodedata

import numpy as np
import pytest
from matplotlib.font_manager import get_font
from scipy import ndimage

from course.data import alphabets, letters
from course.data.alphabets import ALPHABETS, contrast_ratio
from course.data.glyphs import DEJAVU, FACES, _folder, draw_glyph, faces_with
from course.errors import ArgumentTypeError, ArgumentValueError

NIGERIAN = {
    "ẹ": "E WITH DOT BELOW",
    "ọ": "O WITH DOT BELOW",
    "ṣ": "S WITH DOT BELOW",
    "ǹ": "N WITH GRAVE",
    "ń": "N WITH ACUTE",
    "ɓ": "B WITH HOOK",
    "ɗ": "D WITH HOOK",
    "ƙ": "K WITH HOOK",
    "ƴ": "Y WITH HOOK",
    "ị": "I WITH DOT BELOW",
    "ụ": "U WITH DOT BELOW",
    "ṅ": "N WITH DOT ABOVE",
}


def test_the_alphabets_are_single_characters_and_are_what_they_seem():
    assert ALPHABETS["source"] == "".join(chr(65 + i) for i in range(26))
    names = {letter: unicodedata.name(letter) for letter in ALPHABETS["target"]}
    assert names == {letter: f"LATIN SMALL LETTER {name}" for letter, name in NIGERIAN.items()}


@pytest.mark.parametrize("split", ["train", "test"])
def test_every_face_has_every_letter_that_it_is_used_for(split):
    for faces, alphabet in ((FACES, "source"), (DEJAVU, "target")):
        for face in faces[split]:
            characters = get_font(_folder() / f"{face}.ttf").get_charmap()
            assert {*map(ord, ALPHABETS[alphabet])} <= set(characters)


def test_no_face_is_both_for_training_and_for_testing():
    assert not {*FACES["train"]} & {*FACES["test"]}
    assert {*DEJAVU["train"]} < {*FACES["train"]}
    assert {*DEJAVU["test"]} < {*FACES["test"]}


def test_faces_without_the_nigerian_letters_are_known():
    every = FACES["train"] + FACES["test"]
    assert {*faces_with(ALPHABETS["target"], every)} == {*DEJAVU["train"], *DEJAVU["test"]}
    with pytest.raises(ArgumentValueError, match="face: expected a face that has 'ẹ'"):
        draw_glyph("cmr10", "ẹ")


def test_a_glyph_lies_in_the_middle_with_its_dot():
    glyph = draw_glyph("DejaVuSans", "ẹ")
    rows, columns = np.nonzero(glyph.ink)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (glyph.height, glyph.width)
    assert abs(rows.min() + rows.max() - 111) <= 1
    assert abs(columns.min() + columns.max() - 111) <= 1
    assert ndimage.label(glyph.ink)[1] == 2
    assert ndimage.label(draw_glyph("DejaVuSans", "E").ink)[1] == 1


def test_every_glyph_of_an_alphabet_differs_from_every_other():
    for alphabet in ALPHABETS.values():
        drawn = {draw_glyph("DejaVuSerif", letter).ink.tobytes() for letter in alphabet}
        assert len(drawn) == len(alphabet)


def test_classes_are_balanced_and_in_random_order():
    data = letters("train", count=540)
    assert sorted(np.bincount(data.labels)) == [20] * 6 + [21] * 20
    assert data.labels[:26].tolist() != list(range(26))
    assert data.names[0] == chr(65 + data.labels[0])
    assert data.images.shape == (540, 32, 32, 3)


@pytest.fixture
def silent(monkeypatch):
    monkeypatch.setattr(alphabets, "NOISE", 0.0)


@pytest.mark.usefixtures("silent")
@pytest.mark.parametrize("alphabet", ["source", "target"])
def test_each_letter_is_whole_and_of_the_size_promised(alphabet):
    images = letters("train", alphabet, count=300, dtype=np.float64).images
    paper = images[:, :1, :1]
    corners = images[:, [0, 0, -1, -1], [0, -1, 0, -1]]
    empty = (abs(corners - corners[:, :1]) < 1e-9).all(axis=2).sum(axis=1)
    assert np.median(empty) == 4
    inked = (abs(images - paper) > 1e-6).any(axis=3)[empty == 4]
    longest = [max(map(np.ptp, np.nonzero(one))) + 1 for one in inked]
    # the box is drawn around the turned box of the glyph, so that ink may fill it less
    assert min(longest) >= 13
    assert 24 <= max(longest) <= 30


@pytest.mark.usefixtures("silent")
def test_ink_and_paper_contrast_enough_to_read():
    data = letters("test", count=400, dtype=np.float64)
    paper = np.median(data.images.reshape(400, -1, 3), axis=1)
    far = abs(data.images - paper[:, None, None]).sum(axis=3).reshape(400, -1).argmax(axis=1)
    pen = data.images.reshape(400, -1, 3)[np.arange(400), far]
    ratio = contrast_ratio(paper, pen)
    # a thin stroke in a small letter covers no pixel entirely
    assert np.quantile(ratio, 0.1) > 2.9
    assert np.median(ratio) > 3


def test_a_contrast_ratio_by_hand_and_for_known_greys():
    # #767676 on white is the lightest grey of ratio 4.5, as every guide to contrast says
    white, grey = np.ones((1, 3)), np.full((1, 3), 0x76 / 255)
    assert contrast_ratio(white, grey)[0] == pytest.approx(4.54, abs=0.005)
    assert contrast_ratio(grey, white)[0] == contrast_ratio(white, grey)[0]
    primaries, black = np.eye(3), np.zeros((3, 3))
    expected = (np.array([0.2126, 0.7152, 0.0722]) + 0.05) / 0.05
    np.testing.assert_allclose(contrast_ratio(primaries, black), expected)


def test_noise_has_the_standard_deviation_stated():
    data = letters("train", count=500, dtype=np.float64)
    corners = data.images[:, :3, :3].reshape(500, 9, 3)
    inside = ((corners > 0.15) & (corners < 0.85)).all(axis=1)  # nothing was clipped
    assert np.median(corners.std(axis=1, ddof=1)[inside]) == pytest.approx(0.03, rel=0.1)


def test_interpolation_is_bilinear():
    masks = np.zeros((2, 112, 112), dtype=np.float32)
    masks[1] = np.random.default_rng(0).uniform(size=(112, 112))
    rows, columns = np.random.default_rng(1).uniform(0, 110, size=(2, 1, 40, 40))
    got = alphabets._interpolate(masks, np.array([1]), rows, columns)
    expected = ndimage.map_coordinates(masks[1], [rows[0], columns[0]], order=1)
    np.testing.assert_allclose(got[0], expected, atol=1e-6)


@pytest.mark.usefixtures("silent")
def test_without_turning_the_box_of_the_letter_has_the_size_drawn(monkeypatch):
    monkeypatch.setattr(alphabets, "ROTATION", 0.0)
    monkeypatch.setattr(alphabets, "EXTENT", (24.0, 24.0))
    data = letters("train", count=52, dtype=np.float64)
    for image in data.images:
        inked = (abs(image - np.median(image, axis=(0, 1))) > 1e-3).any(axis=2)
        if inked.mean() < 0.5:
            assert 23 <= max(map(np.ptp, np.nonzero(inked))) + 1 <= 26


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"alphabet": "greek"}, ArgumentValueError, "alphabet: expected 'source' or 'target'"),
        ({"count": 0}, ArgumentValueError, "count: expected a whole number >= 1, got 0"),
        ({"dtype": np.uint8}, ArgumentTypeError, "dtype: "),
    ],
)
def test_letters_that_cannot_be_are_named(arguments, error, message):
    with pytest.raises(error, match=message):
        letters("train", **arguments)
