"""The theorem behind the lecture: invariance is vertical, it grows with the pooling factors."""

import math
from collections.abc import Sequence

from course.arrays import Number, describe, require_number
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["translation_bound"]


def translation_bound(
    shift: tuple[Number, Number] | Number, K: Number, norm: Number, strides: Sequence[Number]
) -> float:
    r"""How far a translation can move the features after n layers.

    .. math:: \|\Phi^n(T_t f) - \Phi^n(f)\| \le \frac{2 \pi |t| K}{S_1 \cdots S_n} \|f\|

    with ``t`` = `shift`, ``|t|`` its Euclidean length, ``f`` a signal of norm `norm`, and ``S_k``
    the pooling factors, `strides`. It holds for frames with upper bounds and Lipschitz constants
    that multiply to at most 1 (weak admissibility), and output filters chi that decay:
    ``|chi^(w)| |w| <= K`` at every frequency w. The convention for ``w`` is cycles per unit of
    length, ``exp(-2 pi i w x)``; with w in radians the factor 2 pi goes into K.

    The theorem is about features in the continuum, where pooling by S also shrinks the shift. In
    a sampled network it is a guide, not a guarantee: aliasing breaks it.

    Args:
        shift: (dy, dx), or the length of the translation.
        K: the decay of the output filters, at least 0, in the unit of frequency.
        norm: that of the signal, at least 0.
        strides: the pooling factor of each layer, each at least 1; none gives the bound at the
            input.

    Raises:
        ArgumentTypeError: if an argument is no number, or no list of them.
        ArgumentValueError: a number that is negative or not finite, a stride below 1.

    Example:
        >>> round(translation_bound((3, 4), K=1.0, norm=1.0, strides=[2, 2]), 4)
        7.854

    Source: T. Wiatowski and H. Bolcskei, "A mathematical theory of deep convolutional neural
    networks for feature extraction", IEEE Trans. Inf. Theory 64(3), 2018, theorem 1 and its
    equation for filters that decay; STATS385, lecture 2.
    """
    decay, size = require_number("K", K), require_number("norm", norm)
    return 2 * math.pi * _length(shift) * decay * size / math.prod(_factors(strides))


def _length(shift: object) -> float:
    parts = shift if isinstance(shift, tuple | list) else (shift,)
    if len(parts) not in (1, 2):
        hint = "Pass (dy, dx), or a length."
        raise ArgumentValueError("shift", describe(shift), "one or two numbers", hint)
    return math.hypot(*(require_number("shift", _absolute(part)) for part in parts))


def _absolute(part: object) -> object:
    return abs(part) if isinstance(part, int | float) and not isinstance(part, bool) else part


def _factors(strides: object) -> list[float]:
    if not isinstance(strides, Sequence) or isinstance(strides, str):
        hint = "One for each layer, for instance [2, 2]."
        raise ArgumentTypeError("strides", describe(strides), "a list of numbers", hint)
    factors = [require_number("strides", stride, positive=True) for stride in strides]
    if any(factor < 1 for factor in factors):
        hint = "A layer without pooling has stride 1."
        raise ArgumentValueError("strides", repr(list(strides)), "numbers >= 1", hint)
    return factors
