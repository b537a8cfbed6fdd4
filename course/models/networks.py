"""The two networks for classifying: a linear softmax model and a small convolutional one.

They return scores; the softmax is part of the loss, as `torch.nn.functional.cross_entropy` and
`course.losses.softmax_cross_entropy` have it. Each is a function of sizes and a seed.
"""

from torch import nn

from course.arrays import require_count
from course.models.body_and_head import BodyAndHead
from course.models.seeding import seeded

__all__ = ["linear_softmax", "small_convnet"]


def linear_softmax(features: int, classes: int, *, seed: int = 0) -> nn.Sequential:
    r"""A linear classifier of flattened images, to be trained with cross-entropy.

    .. math:: s = x W^\top + b, \qquad p = \operatorname{softmax}(s)

    torch keeps ``W`` as (C, D), the transpose of CS231n's (D, C).

    Args:
        features: D, the number of pixels (times 3 in colour).
        classes: C.
        seed: draws the weights.

    Raises:
        ArgumentTypeError, ArgumentValueError: if a number is no integer, or below 1.

    Example:
        >>> import torch
        >>> linear_softmax(64, 10)(torch.zeros(5, 1, 8, 8)).shape
        torch.Size([5, 10])

    Source: CS231n, lecture 3, the softmax classifier.
    """
    features, classes = require_count("features", features), require_count("classes", classes)
    with seeded(seed):
        return nn.Sequential(nn.Flatten(), nn.Linear(features, classes))


def small_convnet(classes: int, *, channels: int = 3, seed: int = 0) -> BodyAndHead:
    """A small convolutional network: about 160,000 weights, quick enough for one core.

    Three stages of 3 x 3 convolutions, each followed by batch normalisation and ReLU, with
    32, 64 and 96 channels; the first two end in max-pooling, the last in global average
    pooling, so that any image of at least 4 x 4 pixels fits. The head is linear.

    Args:
        classes: C, how many scores the head gives.
        channels: of the images, 3 in colour.
        seed: draws the weights.

    Returns:
        A model with `body` (96 features per image), `head`, and four `groups`.

    Raises:
        ArgumentTypeError, ArgumentValueError: if a number is no integer, or below 1.

    Example:
        >>> import torch
        >>> model = small_convnet(26)
        >>> model.body(torch.zeros(2, 3, 32, 32)).shape, len(model.groups)
        (torch.Size([2, 96]), 4)
        >>> sum(weights.numel() for weights in model.parameters())
        160634

    Source: the pattern of K. Simonyan and A. Zisserman (VGG), ICLR 2015, with batch
    normalisation (S. Ioffe and C. Szegedy, ICML 2015) and the global average pooling of
    M. Lin, Q. Chen and S. Yan, "Network in network", ICLR 2014.
    """
    classes, channels = require_count("classes", classes), require_count("channels", channels)
    with seeded(seed):
        body = [
            nn.Sequential(*_layer(channels, 32), nn.MaxPool2d(2)),
            nn.Sequential(*_layer(32, 64), nn.MaxPool2d(2)),
            nn.Sequential(*_layer(64, 96), *_layer(96, 96)),
            nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten()),
        ]
        return BodyAndHead(body, nn.Linear(96, classes))


def _layer(before: int, after: int) -> list[nn.Module]:
    # no bias: batch normalisation would subtract it again
    convolution = nn.Conv2d(before, after, 3, padding=1, bias=False)
    return [convolution, nn.BatchNorm2d(after), nn.ReLU()]
