"""Schedules: by hand, step for step against torch where torch is right, properties, errors."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim import lr_scheduler

from course.errors import ArgumentError
from course.schedules import (
    constant,
    cosine_annealing,
    cycle_ends,
    epochs_in_total,
    exponential,
    join,
    linear,
    one_cycle,
    one_cycle_momentum,
    sample,
    warm_restarts,
)

rates = st.floats(1e-6, 10)
lengths = st.integers(1, 40)


def torchs(make, start, steps, **groups):
    """The rates that a torch scheduler steps through, one per batch, from `start`."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=start, momentum=0.9)
    scheduler = make(optimizer)
    seen = []
    for _ in range(steps):
        seen.append((optimizer.param_groups[0]["lr"], optimizer.param_groups[0]["momentum"]))
        optimizer.step()
        scheduler.step()
    return np.array(seen)


def torchs_rates(make, start, steps):
    return torchs(make, start, steps)[:, 0]


# ---------------------------------------------------------------- values worked out by hand


def test_a_line_passes_a_quarter_of_the_way_after_a_quarter_of_the_steps():
    schedule = linear(1.0, 3.0, 8)
    assert [schedule(k) for k in (0, 2, 4, 8)] == [1.0, 1.5, 2.0, 3.0]


def test_an_exponential_multiplies_by_the_same_factor_each_step():
    np.testing.assert_allclose(sample(exponential(1e-3, 10.0, 4), 5), [1e-3, 1e-2, 0.1, 1, 10])


def test_a_cosine_is_half_way_down_in_the_middle_and_at_60_degrees_a_quarter():
    schedule = cosine_annealing(3.0, 1.0, 6)
    np.testing.assert_allclose([schedule(k) for k in (0, 2, 3, 4, 6)], [3, 2.5, 2, 1.5, 1])


def test_restarts_by_hand():
    half = math.sqrt(0.5)
    cycle_of_4 = [1, (1 + half) / 2, 0.5, (1 - half) / 2]
    expected = [1.0, 0.5, *cycle_of_4, 1.0]
    np.testing.assert_allclose(sample(warm_restarts(1.0, 0.0, 2, 2), 7), expected, atol=1e-15)


def test_a_cycle_is_half_open_and_never_reaches_the_minimum():
    values = sample(warm_restarts(1.0, 0.25, 5, 1), 20)
    assert (values > 0.25).all()
    np.testing.assert_array_equal(values[::5], 1.0)


def test_the_lectures_three_cycles_take_7_epochs():
    assert epochs_in_total(3, cycle_len=1, cycle_mult=2) == 7
    assert epochs_in_total(3, cycle_len=1) == 3
    assert epochs_in_total(4, cycle_len=2, cycle_mult=3) == 2 + 6 + 18 + 54
    assert cycle_ends(3, cycle_len=10, cycle_mult=2) == (10, 30, 70)


def test_one_cycle_has_its_maximum_on_a_step_and_its_ends_by_the_factors():
    schedule = one_cycle(2.0, 50, warmup_fraction=0.25, start_factor=0.1, end_factor=0.001)
    values = sample(schedule, 51)
    assert values[0] == pytest.approx(0.2)
    assert values.argmax() == 12  # a quarter of 50, to the even neighbour
    assert values[12] == 2.0
    assert values[50] == pytest.approx(0.002)


def test_the_momentum_is_low_where_the_rate_is_high():
    rate, momentum = sample(one_cycle(1.0, 40), 41), sample(one_cycle_momentum(40), 41)
    assert rate.argmax() == momentum.argmin() == 12
    assert (momentum.max(), momentum.min()) == (0.95, 0.85)


def test_joined_schedules_count_their_own_steps():
    identity = [lambda step: 100.0 + step, lambda step: 200.0 + step, lambda step: 300.0 + step]
    values = sample(join(identity, [2, 5]), 7)
    np.testing.assert_array_equal(values, [100, 101, 200, 201, 202, 300, 301])


def test_of_a_single_schedule_joined_with_nothing_nothing_changes():
    np.testing.assert_array_equal(
        sample(join([linear(1, 0, 3)], []), 5), sample(linear(1, 0, 3), 5)
    )


# ------------------------------------------------------------------------ independent oracles


@given(rates, st.floats(0, 1), lengths, st.integers(1, 4))
def test_restarts_are_torchs_stepped_per_batch(maximum, part, cycle_len, cycle_mult):
    minimum = part * maximum

    def oracle(optimizer):
        return lr_scheduler.CosineAnnealingWarmRestarts(
            optimizer, T_0=cycle_len, T_mult=cycle_mult, eta_min=minimum
        )

    ours = sample(warm_restarts(maximum, minimum, cycle_len, cycle_mult), 150)
    np.testing.assert_array_equal(ours, torchs_rates(oracle, maximum, 150))


def test_where_torch_rounds_a_logarithm_ours_is_right():
    """Cycles of 1, 3, 9, 27, 81 steps: step 121 is the first of the sixth."""
    weight = torch.zeros(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], lr=1.0)
    scheduler = lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=1, T_mult=3)
    optimizer.step()
    scheduler.step(121)
    assert optimizer.param_groups[0]["lr"] == pytest.approx(0.0)  # torch's slip
    assert cycle_ends(5, 1, 3)[-1] == 121
    assert warm_restarts(1.0, 0.0, 1, 3)(121) == 1.0


@given(lengths, st.integers(1, 9), st.integers(1, 12))
def test_a_restart_falls_on_every_cycle_end_and_nowhere_else(cycle_len, cycle_mult, n_cycles):
    ends = cycle_ends(min(n_cycles, 6), cycle_len, cycle_mult)
    schedule = warm_restarts(1.0, 0.0, cycle_len, cycle_mult)
    assert all(schedule(end) == 1.0 for end in ends)
    if cycle_len > 1:
        assert all(schedule(end - 1) < 1.0 for end in ends)
        assert all(schedule(end + 1) < 1.0 for end in ends)


def test_a_far_step_is_found_among_huge_cycles():
    schedule, end = warm_restarts(1.0, 0.0, 10, 3), cycle_ends(60, 10, 3)[-1]
    assert schedule(end) == 1.0
    assert schedule(end - 1) == pytest.approx(0.0, abs=1e-12)


@given(rates, rates, lengths)
def test_a_cosine_is_torchs_until_its_end(start, end, steps):
    ours = sample(cosine_annealing(start, end, steps), steps + 1)

    def oracle(optimizer):
        return lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=end)

    np.testing.assert_allclose(ours, torchs_rates(oracle, start, steps + 1), rtol=1e-9)


@given(rates, st.floats(0.01, 1), lengths)
def test_a_line_is_torchs(start, factor, steps):
    def oracle(optimizer):
        return lr_scheduler.LinearLR(optimizer, 1.0, end_factor=factor, total_iters=steps)

    ours = sample(linear(start, start * factor, steps), steps + 5)
    np.testing.assert_allclose(ours, torchs_rates(oracle, start, steps + 5), rtol=1e-9)


@given(rates, st.floats(0.5, 1), lengths)
def test_an_exponential_is_torchs(start, gamma, steps):
    def oracle(optimizer):
        return lr_scheduler.ExponentialLR(optimizer, gamma)

    ours = sample(exponential(start, start * gamma**steps, steps), steps + 1)
    np.testing.assert_allclose(ours, torchs_rates(oracle, start, steps + 1), rtol=1e-9)


@given(rates, st.integers(2, 60), st.floats(0, 1))
def test_one_cycle_is_torchs_when_its_peak_is_on_a_step(maximum, steps, fraction):
    peak = min(max(round(fraction * steps), 1), steps - 1)

    def oracle(optimizer):
        return lr_scheduler.OneCycleLR(
            optimizer,
            maximum,
            total_steps=steps + 2,  # torch raises when it is stepped past its end
            pct_start=(peak + 1) / (steps + 2),
        )

    ours = np.stack(
        [
            sample(one_cycle(maximum, steps + 1, warmup_fraction=peak / (steps + 1)), steps + 1),
            sample(one_cycle_momentum(steps + 1, warmup_fraction=peak / (steps + 1)), steps + 1),
        ],
        axis=1,
    )
    np.testing.assert_allclose(ours, torchs(oracle, 1.0, steps + 1), rtol=1e-9)


# ------------------------------------------------------------------------------- properties


@pytest.mark.parametrize("shape", [linear, exponential, cosine_annealing])
@given(start=rates, end=rates, steps=lengths)
def test_each_goes_from_its_start_to_its_end_one_way_and_stays(shape, start, end, steps):
    values = sample(shape(start, end, steps), steps + 10)
    assert values[0] == pytest.approx(start, rel=1e-12)
    assert (values[steps:] == end).all()
    direction = np.sign(end - start)
    assert (direction * np.diff(values) >= -1e-12 * max(start, end)).all()


@given(rates, rates, lengths, lengths)
def test_the_value_of_a_step_does_not_depend_on_what_was_asked_before(start, end, steps, step):
    schedule = cosine_annealing(start, end, steps)
    alone = cosine_annealing(start, end, steps)(step)
    sample(schedule, steps + 3)
    assert schedule(step) == alone


@given(lengths, st.integers(1, 4), st.integers(0, 200))
def test_restarts_scale_with_their_maximum(cycle_len, cycle_mult, step):
    small, large = (warm_restarts(m, 0.0, cycle_len, cycle_mult) for m in (0.1, 0.7))
    assert large(step) == pytest.approx(7 * small(step))


def test_an_exponential_over_the_whole_range_of_floats_does_not_overflow():
    values = sample(exponential(1e-300, 1e300, 600), 601)
    np.testing.assert_allclose(np.log10(values), np.arange(-300, 301), atol=1e-9)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("step", [np.int64(3), np.uint8(3), torch.tensor(3)])
def test_any_integer_is_a_step(step):
    assert linear(0.0, 1.0, 4)(step) == 0.75


# ---------------------------------------------------------------------------------- errors

NAN, INFINITY = math.nan, math.inf
WRONG = {
    "a negative constant": (lambda: constant(-0.1), ValueError, "value: .*-0.1"),
    "no number": (lambda: constant("0.1"), TypeError, "value: .*'0.1'"),
    "a boolean": (lambda: constant(True), TypeError, "value: "),
    "a generator": (lambda: constant(r for r in [0.1]), TypeError, "value: .*a generator"),
    "a negative start": (lambda: linear(-1, 0, 3), ValueError, "start: "),
    "a NaN": (lambda: linear(1, NAN, 3), ValueError, "end: .*nan"),
    "infinity": (lambda: cosine_annealing(INFINITY, 0, 3), ValueError, "start: .*inf"),
    "no step": (lambda: linear(1, 0, 0), ValueError, "steps: .*got 0"),
    "half a step": (lambda: cosine_annealing(1, 0, 2.5), TypeError, "steps: .*2.5"),
    "an exponential from 0": (lambda: exponential(0, 1, 3), ValueError, "start: .*> 0"),
    "an exponential to 0": (lambda: exponential(1, 0, 3), ValueError, "end: .*> 0"),
    "a minimum on top": (lambda: warm_restarts(0.1, 0.2, 3), ValueError, "minimum: .*at most"),
    "a negative minimum": (lambda: warm_restarts(1, -0.1, 3), ValueError, "minimum: "),
    "no cycle": (lambda: warm_restarts(1, 0, 0), ValueError, "cycle_len: .*got 0"),
    "shrinking cycles": (lambda: warm_restarts(1, 0, 3, 0), ValueError, "cycle_mult: .*>= 1"),
    "a broken cycle_mult": (lambda: warm_restarts(1, 0, 3, 1.5), TypeError, "cycle_mult: .*1.5"),
    "no cycles": (lambda: cycle_ends(0, 1), ValueError, "n_cycles: "),
    "one step of one cycle": (lambda: one_cycle(1, 1), ValueError, "steps: .*>= 2"),
    "a percentage": (lambda: one_cycle(1, 9, warmup_fraction=30), ValueError, "warmup_fraction: "),
    "a negative factor": (lambda: one_cycle(1, 9, end_factor=-1), ValueError, "end_factor: "),
    "nothing to join": (lambda: join([], []), ValueError, "boundaries: "),
    "too few boundaries": (lambda: join([constant(1)] * 3, [2]), ValueError, "boundaries: .*2 of"),
    "a boundary at 0": (lambda: join([constant(1)] * 2, [0]), ValueError, "boundaries: .*>= 1"),
    "boundaries that fall": (
        lambda: join([constant(1)] * 3, [5, 5]),
        ValueError,
        r"boundaries: .*\[5, 5\]",
    ),
    "a number joined": (lambda: join([constant(1), 0.1], [2]), TypeError, "schedules: .*constant"),
    "sampling no steps": (lambda: sample(constant(1), 0), ValueError, "steps: "),
    "sampling a number": (lambda: sample(0.1, 3), TypeError, "schedule: "),
    "a negative step": (lambda: constant(1)(-1), ValueError, "step: .*-1"),
    "a part of a step": (lambda: warm_restarts(1, 0, 3)(0.5), TypeError, "step: .*0.5"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named_with_a_way_out(case):
    call, kind, message = WRONG[case]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, ArgumentError)
    assert caught.value.hint
