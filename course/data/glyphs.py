"""Glyphs as masks of ink, drawn from the fonts that come with matplotlib.

No font is looked for on the machine, so everyone gets the same letters. Each face is listed by
name, and a letter that a face does not have is an error, never the box that FreeType draws for
it. What was looked up in the character maps of the bundled files: all faces listed have A to Z;
the letters of the Nigerian alphabets are complete in the twelve DejaVu faces alone (STIX lacks
the dots below and the hooked k and y; Computer Modern has none of them). cmmi10 and cmsy10 hold
symbols and are left out, and so is LastResort, whose "letters" are boxes.

The faces are split: those for testing were never seen in training, one of each kind.
"""

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from course.data.arguments import Split
from course.errors import ArgumentValueError

__all__ = ["DEJAVU", "FACES", "Glyph", "draw_glyph", "faces_with"]

DEJAVU: dict[Split, tuple[str, ...]] = {
    "train": (
        "DejaVuSans",
        "DejaVuSans-Bold",
        "DejaVuSans-Oblique",
        "DejaVuSansMono",
        "DejaVuSansMono-Oblique",
        "DejaVuSansMono-BoldOblique",
        "DejaVuSerif",
        "DejaVuSerif-Bold",
        "DejaVuSerif-BoldItalic",
    ),
    "test": ("DejaVuSans-BoldOblique", "DejaVuSansMono-Bold", "DejaVuSerif-Italic"),
}
FACES: dict[Split, tuple[str, ...]] = {
    "train": (
        *DEJAVU["train"],
        "STIXGeneral",
        "STIXGeneralItalic",
        "STIXGeneralBolIta",
        "cmr10",
        "cmb10",
        "cmti10",
        "cmtt10",
    ),
    "test": (*DEJAVU["test"], "STIXGeneralBol", "cmss10"),
}

EM = 64  # pixels: about twice the size at which a letter is shown
SIDE = 112  # of a mask, so that the widest letter leaves a margin


@dataclass(frozen=True, eq=False)
class Glyph:
    """A letter in the middle of a square of empty pixels.

    Attributes:
        ink: (112, 112), how much of each pixel is covered, 0 to 1; the outermost are 0.
        height, width: of the box around the ink, in pixels.
    """

    ink: npt.NDArray[np.float32]
    height: int
    width: int


@cache
def draw_glyph(face: str, letter: str) -> Glyph:
    """A letter in a face, drawn once and kept; do not write into it.

    Raises:
        ArgumentValueError: if the face has no such letter.

    Example:
        >>> glyph = draw_glyph("DejaVuSans", "I")
        >>> glyph.ink.shape, glyph.height > 5 * glyph.width
        ((112, 112), True)
    """
    from matplotlib.ft2font import FT2Font, LoadFlags  # matplotlib is slow to import

    if not faces_with(letter, (face,)):
        hint = "Choose one of course.data.glyphs.faces_with(letter, faces)."
        raise ArgumentValueError("face", repr(face), f"a face that has {letter!r}", hint)
    font = FT2Font(_folder() / f"{face}.ttf")
    font.set_size(EM, 72)  # at 72 dots per inch a point is a pixel
    font.set_text(letter, 0.0, flags=LoadFlags.NO_HINTING)
    font.draw_glyphs_to_bitmap(antialiased=True)
    return _centre((font.get_image() / 255).astype(np.float32))


def faces_with(letters: str, faces: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the faces that have a glyph for every one of the letters.

    Example:
        >>> faces_with("K\\u0199", ("DejaVuSans", "cmr10"))  # the hooked k of Hausa
        ('DejaVuSans',)
    """
    return tuple(face for face in faces if {*map(ord, letters)} <= _characters(face))


@cache
def _characters(face: str) -> frozenset[int]:
    from matplotlib.ft2font import FT2Font

    return frozenset(FT2Font(_folder() / f"{face}.ttf").get_charmap())


def _folder() -> Path:
    from matplotlib import get_data_path

    return Path(get_data_path()) / "fonts" / "ttf"


def _centre(drawn: npt.NDArray[np.float32]) -> Glyph:
    rows, columns = (np.flatnonzero(drawn.any(axis=axis)) for axis in (1, 0))
    tight = drawn[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    height, width = tight.shape
    top, left = (SIDE - height) // 2, (SIDE - width) // 2
    ink = np.zeros((SIDE, SIDE), dtype=np.float32)
    ink[top : top + height, left : left + width] = tight
    return Glyph(ink, height, width)
