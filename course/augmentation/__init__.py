"""Data augmentation: other views of the same images, drawn anew each time.

A factory such as `random_flip(probability=0.5)` returns an augmentation, a function
``images, generator -> images``. What all of them keep to::

    one draw per image    a batch is not moved as a block
    labels never change   nothing here sees them; whether a view still shows the same class is
                          your choice (a 6 that is turned by 180 degrees is a 9)
    reproducible          every draw comes from the generator that you pass, on the device of
                          the images
    strength 0            returns the images, bit for bit, and draws nothing

The images are never modified; the result is a new tensor of the same dtype and device.
"""

from course.augmentation.affine import random_affine, warp
from course.augmentation.arguments import Augmentation
from course.augmentation.composing import compose
from course.augmentation.crops import random_crop
from course.augmentation.flips import random_flip
from course.augmentation.lighting import brightness_contrast

__all__ = [
    "Augmentation",
    "brightness_contrast",
    "compose",
    "random_affine",
    "random_crop",
    "random_flip",
    "warp",
]
