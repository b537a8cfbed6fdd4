"""The small networks of the week, each a function of sizes and a seed.

    linear_softmax       one matrix and a bias
    small_convnet        a body of convolutions and a linear head, for letters and photographs
    pretrained_letters   the same, trained on A to Z
    replace_head         a new head on a trained body: the start of transfer learning
    invariance_net       four kinds of pooling, on a circular canvas
    BodyAndHead          what the convolutional ones are made of

They want channels first, as `LabelledImages.to_tensors` gives, and return scores. Building one
leaves the caller's random state as it was.
"""

from course.models.body_and_head import BodyAndHead, replace_head
from course.models.invariance import invariance_net
from course.models.networks import linear_softmax, small_convnet
from course.models.pretrained import pretrained_letters

__all__ = [
    "BodyAndHead",
    "invariance_net",
    "linear_softmax",
    "pretrained_letters",
    "replace_head",
    "small_convnet",
]
