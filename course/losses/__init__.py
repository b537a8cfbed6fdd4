"""The two losses of a classifier, and their gradients by the scores.

Each takes scores (N, C), one row per example and one column per class, and the indices
of the correct classes, targets (N,). NumPy arrays and torch tensors are served alike;
the floating dtype and the device are kept, and no argument is modified. The losses are
differentiable by torch's autograd; the gradients are plain numbers without a graph.

The penalty on the weights is no business of these functions: they know scores only.
"""

from course.losses.hinge import multiclass_hinge, multiclass_hinge_gradient
from course.losses.softmax import (
    log_softmax,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

__all__ = [
    "log_softmax",
    "multiclass_hinge",
    "multiclass_hinge_gradient",
    "softmax_cross_entropy",
    "softmax_cross_entropy_gradient",
]
