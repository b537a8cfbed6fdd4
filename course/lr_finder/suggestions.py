"""Rules that read a learning rate off the curve of a range test.

They agree on what they look at: the curve up to its first value that is not finite, less
its ends, where a smoothed curve is dragged along and an exploding one has begun to. The
option chosen is fastai's: a tenth of the points at the start, 5 at the end.

No rule is right; they are starting points to try. On noisy curves `steepest` is the
boldest and the most fickle, and it may lie where training already diverges.
"""

import numpy as np
import numpy.typing as npt
from jaxtyping import Float

from course.arrays import describe, is_array, require_count
from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["minimum_over_ten", "steepest", "valley"]

Floats = npt.NDArray[np.float64]


def steepest(
    rates: Float[np.ndarray, " n"],
    losses: Float[np.ndarray, " n"],
    *,
    skip_start: int | None = None,
    skip_end: int = 5,
) -> float:
    r"""The rate at which the loss falls fastest, per factor of the rate.

    .. math:: \arg\min_\eta \; \frac{d L}{d \log \eta}

    by differences over the two neighbours. The slope is by the logarithm of the rate, as
    one sees it in the plot; by the rate itself it would be steepest at the first one.

    Args:
        rates: (n,), increasing, above 0.
        losses: (n,), smoothed.
        skip_start: leave out so many points at the start; a tenth of them if None.
        skip_end: leave out so many points at the end.

    Raises:
        ArgumentTypeError: if an array or a number is none.
        ArgumentValueError: if the arrays do not fit together, fewer than 3 points are left,
            or the loss falls nowhere among them.

    Example:
        The loss falls by a tenth per tenfold rate, and by 1 around 0.01:

        >>> rates = 10.0 ** np.arange(-5, 1)
        >>> losses = np.array([2.3, 2.2, 2.1, 1.0, 0.1, 0.0])
        >>> steepest(rates, losses, skip_start=0, skip_end=0)
        0.01

    Source: Smith, "Cyclical learning rates for training neural networks", WACV 2017,
    section 3.3, for the test; this rule is that of fast.ai's library.
    """
    kept_rates, kept_losses = _usable(rates, losses, skip_start, skip_end)
    if (np.diff(kept_losses) >= 0).all():
        _raise_nothing_falls()
    slopes = np.gradient(kept_losses, np.log(kept_rates))
    return float(kept_rates[slopes.argmin()])


def minimum_over_ten(
    rates: Float[np.ndarray, " n"],
    losses: Float[np.ndarray, " n"],
    *,
    skip_start: int | None = None,
    skip_end: int = 5,
) -> float:
    r"""A tenth of the rate at which the loss is lowest.

    .. math:: \tfrac{1}{10} \arg\min_\eta L(\eta)

    At the minimum itself the loss no longer falls: the rate is on the verge of too large.

    Args:
        rates: as for `steepest`.
        losses: as for `steepest`.
        skip_start: as for `steepest`.
        skip_end: as for `steepest`.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `steepest`.

    Example:
        >>> rates = 10.0 ** np.arange(-5, 1)
        >>> losses = np.array([2.3, 2.2, 2.1, 1.0, 0.1, 3.0])
        >>> round(minimum_over_ten(rates, losses, skip_start=0, skip_end=0), 6)
        0.01

    Source: fast.ai, lesson 2, and fastai's `minimum`.
    """
    kept_rates, kept_losses = _usable(rates, losses, skip_start, skip_end)
    lowest = int(kept_losses.argmin())
    if lowest == 0:
        _raise_nothing_falls()
    return float(kept_rates[lowest]) / 10


def valley(
    rates: Float[np.ndarray, " n"],
    losses: Float[np.ndarray, " n"],
    *,
    skip_start: int | None = None,
    skip_end: int = 5,
) -> float:
    """The rate half way down the longest valley.

    The longest valley is the longest series of losses, each lower than the one before;
    points that stick out above it are skipped, so noise does not cut it in two. With L
    losses in it, the last at index e, the suggestion is at e - L + L // 3 + L // 6: counted
    in points from its end, as fastai's code does. (fastai's text calls this two thirds of
    the way; a third and a sixth are a half.) Of several that are longest, the first to end.

    Args:
        rates: as for `steepest`.
        losses: as for `steepest`.
        skip_start: as for `steepest`.
        skip_end: as for `steepest`.

    Raises:
        ArgumentTypeError, ArgumentValueError: as `steepest`.

    Example:
        >>> rates = np.geomspace(1e-6, 1e3, 10)
        >>> losses = np.array([9.0, 8, 7, 6, 5, 4, 3, 2, 1, 9])  # nine of them fall
        >>> round(valley(rates, losses, skip_start=0, skip_end=0), 6)
        0.001

    Source: fastai's `valley` (callback/schedule), developed at ESRI.
    """
    kept_rates, kept_losses = _usable(rates, losses, skip_start, skip_end)
    end, length = _longest_fall(kept_losses)
    if length < 2:
        _raise_nothing_falls()
    # a fall of 2 that starts at the very beginning would be one before it
    return float(kept_rates[max(end - length + length // 3 + length // 6, 0)])


def _longest_fall(losses: Floats) -> tuple[int, int]:
    """Where the longest strictly decreasing subsequence ends, and how many points it has."""
    lengths = np.ones(len(losses), dtype=np.int64)
    for i in range(1, len(losses)):
        higher = losses[:i] > losses[i]
        if higher.any():
            lengths[i] = 1 + lengths[:i][higher].max()
    end = int(lengths.argmax())
    return end, int(lengths[end])


def _usable(
    rates: object, losses: object, skip_start: int | None, skip_end: int
) -> tuple[Floats, Floats]:
    """The curve up to its first value that is not finite, less its ends."""
    all_rates, all_losses = _as_floats("rates", rates), _as_floats("losses", losses)
    _require_curve(all_rates, all_losses)
    first = len(all_rates) // 10 if skip_start is None else skip_start
    first = require_count("skip_start", first, at_least=0)
    trimmed = require_count("skip_end", skip_end, at_least=0)
    broken = np.flatnonzero(~np.isfinite(all_losses))
    finite = int(broken[0]) if len(broken) else len(all_losses)
    kept = slice(first, max(finite - trimmed, 0))
    if len(all_losses[kept]) < 3:
        got = f"{finite} finite losses, of which {first} at the start and {trimmed} at the end"
        hint = "Take more steps or a smaller first rate, or pass skip_start=0 and skip_end=0."
        raise ArgumentValueError("losses", f"{got} are left out", "at least 3 to look at", hint)
    return all_rates[kept], all_losses[kept]


def _as_floats(name: str, values: object) -> Floats:
    if not is_array(values):
        hint = "Use np.asarray."
        raise ArgumentTypeError(name, describe(values), "a NumPy array", hint)
    return np.asarray(values, dtype=np.float64)


def _require_curve(rates: Floats, losses: Floats) -> None:
    if rates.ndim != 1 or rates.shape != losses.shape:
        got = f"shape {losses.shape}"
        expected = f"one loss for each rate, which have shape {rates.shape}"
        hint = "Pass the rates and the smoothed losses of one range test."
        raise ArgumentValueError("losses", got, expected, hint)
    if not (np.isfinite(rates).all() and (rates > 0).all() and (np.diff(rates) > 0).all()):
        hint = "Use the rates of a range test, from small to large."
        raise ArgumentValueError("rates", "others", "increasing, finite rates above 0", hint)


def _raise_nothing_falls() -> None:
    hint = "Start from a smaller rate, take more steps, and check that the model can learn."
    raise ArgumentValueError("losses", "a curve that never falls", "a loss that falls", hint)
