"""The moving average and the suggestions: by hand, by brute force, properties, errors."""

from itertools import combinations, pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

from course.errors import ArgumentError, ArgumentValueError
from course.lr_finder import exponential_moving_average, minimum_over_ten, steepest, valley

RULES = [steepest, minimum_over_ten, valley]
WHOLE = {"skip_start": 0, "skip_end": 0}

# ----------------------------------------------------------------- the moving average


def test_the_average_by_hand():
    np.testing.assert_allclose(exponential_moving_average([8, 4], 0.75, debias=False), [2, 2.5])
    # 2 / (1 - 3/4) and 2.5 / (1 - 9/16)
    np.testing.assert_allclose(exponential_moving_average([8, 4], 0.75), [8, 40 / 7])


curves = st.lists(st.floats(-100, 100), min_size=1, max_size=40)


@given(curves, st.floats(0, 0.99))
def test_the_average_is_the_weighted_mean_of_all_values_so_far(values, beta):
    for n, average in enumerate(exponential_moving_average(values, beta), start=1):
        weights = beta ** np.arange(n - 1, -1, -1)
        assert average == pytest.approx(np.average(values[:n], weights=weights), abs=1e-9)


@given(curves, st.floats(0, 0.99))
def test_the_biased_average_is_a_filter_of_first_order(values, beta):
    ours = exponential_moving_average(values, beta, debias=False)
    np.testing.assert_allclose(ours, lfilter([1 - beta], [1, -beta], values), atol=1e-10)


@given(st.floats(-100, 100), st.floats(0, 0.99))
def test_the_average_of_a_constant_is_the_constant(value, beta):
    np.testing.assert_allclose(
        exponential_moving_average([value] * 9, beta), value, rtol=1e-9, atol=1e-300
    )


def test_beta_0_changes_nothing_and_nan_stays():
    values = np.array([3.0, 1.0, np.nan, 2.0])
    averages = exponential_moving_average(values, 0)
    np.testing.assert_array_equal(averages[:2], [3, 1])
    assert np.isnan(averages[2:]).all()


# ------------------------------------------------------------------- the suggestions

RATES = 10.0 ** np.arange(-6, 4)


def test_steepest_is_by_the_logarithm_of_the_rate():
    losses = np.array([3, 2.99, 2.9, 2.7, 2.0, 0.9, 0.5, 0.4, 1.0, 2.0])
    assert steepest(RATES, losses, **WHOLE) == 1e-2  # from 2.7 down to 0.9 over its neighbours
    by_the_rate = np.gradient(losses, RATES).argmin()
    assert RATES[by_the_rate] < 1e-4  # the mistake this guards against


@given(st.floats(-4, 0), st.floats(0.5, 3))
def test_steepest_finds_the_middle_of_a_logistic_curve(middle, width):
    rates = np.geomspace(1e-7, 1e3, 400)
    losses = 2.3 / (1 + np.exp((np.log10(rates) - middle) * 4 / width))
    assert abs(np.log10(steepest(rates, losses)) - middle) < 0.02


def test_a_tenth_of_the_minimum():
    losses = (np.log10(RATES) + 1) ** 2
    assert minimum_over_ten(RATES, losses, **WHOLE) == pytest.approx(1e-2)


def test_the_valley_by_hand():
    losses = np.array([9.0, 9, 9, 8, 7, 6, 5, 4, 9, 9])  # 6 fall, the last at index 7
    assert valley(RATES, losses, **WHOLE) == RATES[7 - 6 + 2 + 1]


def test_a_spike_does_not_cut_a_valley_in_two():
    losses = np.array([9.0, 8, 7, 6, 99, 5, 4, 3, 2, 99])  # 8 fall, the last at index 8
    assert valley(RATES, losses, **WHOLE) == RATES[8 - 8 + 2 + 1]


def test_the_first_of_two_valleys_of_equal_length_is_taken():
    losses = np.array([5.0, 4, 3, 50, 40, 30, 60, 60, 60, 60])
    assert valley(RATES, losses, **WHOLE) == RATES[2 - 3 + 1]


def test_a_short_valley_at_the_very_start_is_at_the_first_rate():
    assert valley(RATES, np.array([2.0, 1] + [3.0] * 8), **WHOLE) == RATES[0]


def longest_fall(losses):
    """By trying all subsequences, the longest first: where the first of them ends."""
    for length in range(len(losses), 0, -1):
        ends = [
            chosen[-1]
            for chosen in combinations(range(len(losses)), length)
            if all(losses[i] > losses[j] for i, j in pairwise(chosen))
        ]
        if ends:
            return min(ends), length
    raise AssertionError("one point is a fall of length 1")


@given(st.lists(st.integers(0, 9), min_size=3, max_size=9))
def test_the_valley_is_that_of_brute_force(losses):
    end, length = longest_fall(losses)
    rates, curve = RATES[: len(losses)], np.array(losses, dtype=float)
    if length == 1:
        with pytest.raises(ArgumentValueError, match="never falls"):
            valley(rates, curve, **WHOLE)
    else:
        place = max(end - length + int(length / 3) + int(length / 6), 0)
        assert valley(rates, curve, **WHOLE) == rates[place]


def falling(n=100):
    """A curve that falls by ever more, and so is steepest and lowest at its very end."""
    return np.geomspace(1e-7, 10, n), 3.0 - np.linspace(0, 1, n) ** 2


@pytest.mark.parametrize("rule", RULES)
def test_a_tenth_at_the_start_and_5_points_at_the_end_are_left_out(rule):
    rates, losses = falling()
    expected = {
        steepest: rates[94],
        minimum_over_ten: rates[94] / 10,
        valley: rates[10 + 85 - 1 - 85 + 28 + 14],
    }
    assert rule(rates, losses) == pytest.approx(expected[rule], rel=1e-12)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("broken", [np.nan, np.inf, -np.inf])
def test_the_curve_ends_at_the_first_value_that_is_not_finite(rule, broken):
    rates, losses = falling()
    losses[80] = broken
    losses[81:] = -100.0
    expected = rule(rates[:80], losses[:80], skip_start=10)
    assert rule(rates, losses) == expected


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 10**6), scale=st.floats(0.1, 10), shift=st.floats(-5, 5))
def test_the_scale_and_the_level_of_the_loss_do_not_matter(rule, seed, scale, shift):
    rates = np.geomspace(1e-6, 1, 60)
    losses = np.random.default_rng(seed).normal(size=60)
    losses[6] = 9.0  # the first point that is looked at: the loss falls from there for sure
    assert rule(rates, scale * losses + shift) == pytest.approx(rule(rates, losses))


WRONG_CURVES = {
    "a list": ((list(RATES), RATES), TypeError, "rates: .*a list"),
    "too few losses": ((RATES, RATES[:9]), ValueError, r"losses: .*\(10,\).*\(9,\)"),
    "two dimensions": ((RATES[None], RATES[None]), ValueError, "losses: "),
    "rates that fall": ((RATES[::-1], RATES), ValueError, "rates: .*increasing"),
    "a rate of 0": ((RATES * np.array([0] + [1] * 9), RATES), ValueError, "rates: .*above 0"),
    "NaN at once": ((RATES, RATES * np.nan), ValueError, "losses: .*at least 3.*0 finite"),
    "a loss that rises": ((RATES, np.arange(10.0)), ValueError, "losses: .*never falls"),
    "a loss that stays": ((RATES, np.ones(10)), ValueError, "losses: .*never falls"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("case", WRONG_CURVES)
def test_a_curve_that_suggests_nothing_is_named(rule, case):
    arguments, kind, message = WRONG_CURVES[case]
    with pytest.raises(kind, match=message) as caught:
        rule(*arguments, skip_start=0, skip_end=2)
    assert isinstance(caught.value, ArgumentError)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("rule", RULES)
def test_too_few_points_and_negative_trims_are_named(rule):
    with pytest.raises(ArgumentValueError, match="losses: expected at least 3"):
        rule(RATES[:7], -RATES[:7])
    with pytest.raises(ArgumentValueError, match=r"skip_end: .*-1"):
        rule(RATES, -RATES, skip_end=-1)


WRONG_VALUES = {
    "values of two dimensions": (
        lambda: exponential_moving_average([[1.0]], 0.9),
        ValueError,
        r"values: .*\(1, 1\)",
    ),
    "no values": (lambda: exponential_moving_average("abc", 0.9), TypeError, "values: "),
    "a negative beta": (lambda: exponential_moving_average([1.0], -0.1), ValueError, "beta: "),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", WRONG_VALUES)
def test_values_that_have_no_average_are_named(case):
    call, kind, message = WRONG_VALUES[case]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, ArgumentError)
