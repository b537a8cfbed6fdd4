"""Letters in colour, made in code: A to Z to learn from, Nigerian letters to transfer to.

Each image differs in face, size, position, rotation, colours and noise, so that a network must
learn shapes. Two choices: training and test images use different faces, so that the accuracy
says how well a letter is known in a face never seen (the alternative, the same faces with other
seeds, measures little more than memory); and ink and paper differ enough in luminance for a
person to read, by the definition that web pages are held to, so that hue alone never counts.
"""

from collections.abc import Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from course.arrays import describe, require_count
from course.data.arguments import require_floating, require_split
from course.data.glyphs import DEJAVU, FACES, SIDE, draw_glyph
from course.data.labelled import LabelledImages
from course.errors import ArgumentValueError

__all__ = ["ALPHABETS", "contrast_ratio", "letters"]

Floats = npt.NDArray[np.float64]

# Yoruba: e, o and s with dot below; n with grave and with acute (a syllable with its tone).
# Hausa: b, d, k and y with hook. Igbo: i and u with dot below, n with dot above, and Yoruba's o.
# Each is a single character; gb, kp, sh and other pairs are letters too, but no single glyph.
ALPHABETS = {
    "source": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "target": "ẹọṣǹńɓɗƙƴịụṅ",
}

CANVAS = 32
EXTENT = (19.0, 28.0)  # pixels, the longer side of the box around the turned letter
ROTATION = 12.0  # degrees to either side
CONTRAST = 3.0  # what WCAG asks of large text
NOISE = 0.03
FINER = 2  # each pixel is the mean of FINER x FINER samples
CHUNK = 256  # images at once, so that memory stays small


def letters(
    split: str = "train",
    alphabet: str = "source",
    *,
    count: int = 2000,
    seed: int = 0,
    dtype: npt.DTypeLike = np.float32,
) -> LabelledImages:
    """Colour images of single letters, 32 x 32 pixels, in fonts that come with matplotlib.

    Every image has a face, a size (19 to 28 pixels), a rotation (to 12 degrees either way), a
    position with the whole letter inside, and two colours of its own, whose contrast is at
    least 3 to 1; Gaussian noise of standard deviation 0.03 is added, and the result clipped to
    0..1. No test image uses a face that any training image uses.

    Args:
        split: "train" or "test".
        alphabet: "source" for A to Z, in 16 faces for training and 5 for testing; "target" for
            letters of Yoruba, Hausa and Igbo that English does not have, in 9 and 3 faces.
        count: how many images, spread over the letters as evenly as possible.
        seed: draws the images; another seed gives others of the same kind.
        dtype: the floating dtype of the images.

    Returns:
        Images of shape (count, 32, 32, 3), in a random order of the letters, which are the
        class names.

    Raises:
        ArgumentTypeError: if `dtype` is no floating dtype, or `count` no integer.
        ArgumentValueError: if `split`, `alphabet` or `count` cannot be right.

    Example:
        >>> data = letters("train", "target", count=24)
        >>> data.images.shape, data.images.dtype, "".join(data.class_names)
        ((24, 32, 32, 3), dtype('float32'), 'ẹọṣǹńɓɗƙƴịụṅ')
        >>> np.bincount(data.labels)
        array([2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2, 2])

    Source: in the manner of T. de Campos, B. Babu and M. Varma, "Character recognition in
    natural images" (Chars74K), VISAPP 2009, whose "Fnt" images come from computer fonts.
    """
    half, floating = require_split(split, "letters"), require_floating(dtype)
    if alphabet not in ("source", "target"):
        hint = "'source' is A to Z, 'target' the letters of Yoruba, Hausa and Igbo."
        raise ArgumentValueError("alphabet", describe(alphabet), "'source' or 'target'", hint)
    names = tuple(ALPHABETS[alphabet])
    count = require_count("count", count)
    streams = [seed, ("train", "test").index(half), ("source", "target").index(alphabet)]
    generator = np.random.default_rng(streams)
    labels = generator.permutation(np.arange(count) % len(names)).astype(np.int64)
    faces = (FACES if alphabet == "source" else DEJAVU)[half]
    images = np.empty((count, CANVAS, CANVAS, 3), dtype=floating)
    for start in range(0, count, CHUNK):
        chunk = slice(start, start + CHUNK)
        images[chunk] = _draw(labels[chunk], names, faces, generator)
    return LabelledImages(images, labels, names)


def contrast_ratio(
    first: Float[np.ndarray, "N 3"], second: Float[np.ndarray, "N 3"]
) -> Float[np.ndarray, " N"]:
    r"""How far two colours differ in luminance: from 1, not at all, to 21, black on white.

    .. math:: \frac{L_1 + 0.05}{L_2 + 0.05}, \qquad
              L = 0.2126\,R + 0.7152\,G + 0.0722\,B

    with ``L1`` the larger luminance, and linear ``R, G, B`` from sRGB values in 0..1.

    Args:
        first: (N, 3), red, green and blue.
        second: of the same shape.

    Returns:
        (N,), the ratio for each pair.

    Example:
        >>> contrast_ratio(np.zeros((1, 3)), np.ones((1, 3)))
        array([21.])

    Source: W3C, Web Content Accessibility Guidelines (WCAG) 2.1, "contrast ratio".
    """
    brightness = [_luminance(first), _luminance(second)]
    ratio: Floats = (np.maximum(*brightness) + 0.05) / (np.minimum(*brightness) + 0.05)
    return ratio


def _luminance(colours: Floats) -> Floats:
    low, high = colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4
    linear = np.where(colours <= 0.04045, low, high)
    luminance: Floats = linear @ np.array([0.2126, 0.7152, 0.0722])
    return luminance


def _draw(
    labels: npt.NDArray[np.int64],
    names: Sequence[str],
    faces: Sequence[str],
    generator: np.random.Generator,
) -> Floats:
    glyphs = [draw_glyph(face, letter) for face, letter in product(faces, names)]
    choice = generator.integers(len(faces), size=len(labels)) * len(names) + labels
    boxes = np.array([(glyph.height, glyph.width) for glyph in glyphs], dtype=np.float64)
    ink = np.stack([glyph.ink for glyph in glyphs])
    covered = _place(ink, choice, boxes[choice], generator)[..., None]
    paper, pen = (colour[:, None, None, :] for colour in _colours(len(labels), generator))
    images = paper * (1 - covered) + pen * covered
    images += generator.normal(0, NOISE, images.shape)
    return images.clip(0, 1)


def _place(
    ink: npt.NDArray[np.float32],
    choice: npt.NDArray[np.int64],
    boxes: Floats,
    generator: np.random.Generator,
) -> Floats:
    """Turn, scale and move each chosen glyph into its canvas: (N, 32, 32), 0 paper to 1 ink."""
    angle = np.deg2rad(generator.uniform(-ROTATION, ROTATION, len(choice)))
    cosine, sine = np.cos(angle), np.sin(angle)
    height, width = boxes.T
    turned = np.stack([height * cosine + width * abs(sine), width * cosine + height * abs(sine)])
    scale = generator.uniform(*EXTENT, len(choice)) / turned.max(axis=0)
    room = (CANVAS - turned * scale) / 2
    down, right = generator.uniform(-room, room)
    # where each sample of the canvas lies in the glyph: the movement, undone
    grid = (np.arange(CANVAS * FINER) + 0.5) / FINER - CANVAS / 2
    y = ((grid - down[:, None]) / scale[:, None])[:, :, None]
    x = ((grid - right[:, None]) / scale[:, None])[:, None, :]
    cosine, sine, middle = cosine[:, None, None], sine[:, None, None], (SIDE - 1) / 2
    rows, columns = middle + y * cosine + x * sine, middle + x * cosine - y * sine
    samples = _interpolate(ink, choice, rows, columns)
    finer = samples.reshape(len(choice), CANVAS, FINER, CANVAS, FINER)
    covered: Floats = finer.mean(axis=(2, 4))
    return covered


def _interpolate(
    masks: npt.NDArray[np.float32], choice: npt.NDArray[np.int64], rows: Floats, columns: Floats
) -> Floats:
    """Bilinear values of masks[choice[i]] at (rows[i], columns[i]); 0 outside, as at the rim."""
    rows, columns = rows.clip(0, SIDE - 1.001), columns.clip(0, SIDE - 1.001)
    top, left = rows.astype(np.intp), columns.astype(np.intp)
    below, beside = rows - top, columns - left
    which = choice[:, None, None]
    upper = masks[which, top, left] * (1 - beside) + masks[which, top, left + 1] * beside
    lower = masks[which, top + 1, left] * (1 - beside) + masks[which, top + 1, left + 1] * beside
    values: Floats = upper * (1 - below) + lower * below
    return values


def _colours(count: int, generator: np.random.Generator) -> tuple[Floats, Floats]:
    """Pairs of random colours: whatever does not contrast enough is drawn again."""
    paper, pen = generator.uniform(size=(2, count, 3))
    while (dull := contrast_ratio(paper, pen) < CONTRAST).any():
        paper[dull], pen[dull] = generator.uniform(size=(2, int(dull.sum()), 3))
    return paper, pen
