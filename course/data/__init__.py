"""Images to learn from, without a download.

    digits            handwritten digits, 8 x 8, grey
    shifted_digits    the same at random positions on a circular canvas
    gratings          stripes whose class is an orientation and a hue
    letters           letters in colour: A to Z, or those of Yoruba, Hausa and Igbo
    cifar10           CIFAR-10, for those who have its files on disk

Each returns `LabelledImages`, fresh for every call, the same for the same seed, and touches no
global random state. Training and test images never overlap.
"""

from course.data.alphabets import letters
from course.data.cifar import cifar10
from course.data.handwritten import digits, shifted_digits
from course.data.labelled import LabelledImages
from course.data.stripes import gratings

__all__ = [
    "LabelledImages",
    "cifar10",
    "digits",
    "gratings",
    "letters",
    "shifted_digits",
]
