"""What keeps a model from learning its training examples by heart.

Penalties on the weights with their gradients, weight decay that is decoupled from the
gradient, dropout, and early stopping. NumPy arrays and torch tensors are served alike;
randomness is always a generator that the caller passes.

The convention for penalties is CS231n's: lambda * sum(W ** 2), without the 1/2 that other
books put in. Hence the gradient is 2 * lambda * W, and torch's `weight_decay` is 2 * lambda.
"""

from course.regularization.decay import decoupled_weight_decay, decoupled_weight_decay_
from course.regularization.dropout import dropout
from course.regularization.early_stopping import EarlyStopping
from course.regularization.penalties import (
    elastic_net,
    elastic_net_gradient,
    l1,
    l1_gradient,
    l2,
    l2_gradient,
)

__all__ = [
    "EarlyStopping",
    "decoupled_weight_decay",
    "decoupled_weight_decay_",
    "dropout",
    "elastic_net",
    "elastic_net_gradient",
    "l1",
    "l1_gradient",
    "l2",
    "l2_gradient",
]
