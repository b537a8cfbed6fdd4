"""The range test, its average and its suggestions: by hand, by brute force, end to end."""

import math
from itertools import chain, combinations, pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure
from scipy.signal import lfilter
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader, TensorDataset

from course.data import digits
from course.errors import ArgumentError, ArgumentValueError, DivergenceError
from course.lr_finder import (
    LRRangeTest,
    exponential_moving_average,
    lr_range_test,
    minimum_over_ten,
    steepest,
    valley,
)

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
    np.testing.assert_allclose(exponential_moving_average([value] * 9, beta), value, rtol=1e-9, atol=1e-300)


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


# ---------------------------------------------------------------------- the range test


class Scripted(nn.Module):
    """Its loss is what the script says, whatever the weights are."""

    def __init__(self, losses):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(1, dtype=torch.float64))
        self.script, self.calls = losses, 0

    def forward(self, inputs):
        value = self.script[min(self.calls, len(self.script) - 1)]
        self.calls += 1
        return value + 0 * self.w.sum()


def scripted(losses, **options):
    model = Scripted(losses)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    batches = [(torch.zeros(1), torch.zeros(1))]
    return lr_range_test(model, batches, lambda output, target: output, optimizer, **options)


def test_the_rates_are_an_exponential_grid_with_both_ends():
    test = scripted([1.0], start=1e-4, end=1.0, steps=5)
    np.testing.assert_allclose(test.rates, [1e-4, 1e-3, 1e-2, 1e-1, 1], rtol=1e-12)
    assert (test.rates[0], test.rates[-1]) == (1e-4, 1.0)
    assert (test.stopped, len(test)) == ("finished", 5)


def test_the_smoothed_losses_are_the_average_of_the_raw_ones():
    script = [2.0, 3.0, 1.0, 2.5, 2.0]
    test = scripted(script, steps=5, smoothing=0.6)
    np.testing.assert_array_equal(test.losses, script)
    np.testing.assert_allclose(test.smoothed, exponential_moving_average(script, 0.6))


def test_it_stops_when_the_smoothed_loss_is_above_4_times_the_best():
    script = [2.0, 1.0, 4.0, 4.1, 0.0]
    test = scripted(script, steps=5, smoothing=0)
    assert (test.stopped, list(test.losses)) == ("diverged", script[:4])
    assert len(test.rates) == len(test.smoothed) == 4


def test_a_single_high_batch_does_not_stop_a_smoothed_test():
    script = [1.0] * 20 + [50.0] + [1.0] * 4
    assert scripted(script, steps=25).stopped == "finished"
    assert scripted(script, steps=25, smoothing=0).stopped == "diverged"


@pytest.mark.parametrize("best", [0.0, -1.0])
def test_a_best_loss_that_is_not_positive_sets_no_limit(best):
    assert scripted([2.0, best, 5.0, 100.0], steps=4, smoothing=0).stopped == "finished"


def test_an_infinite_factor_never_stops():
    test = scripted([1.0, 1e9], steps=4, smoothing=0, stop_factor=math.inf)
    assert test.stopped == "finished"


@pytest.mark.parametrize("broken", [math.nan, math.inf])
def test_it_stops_at_a_loss_that_is_not_finite_and_keeps_it(broken):
    test = scripted([2.0, 1.0, broken, 1.0], steps=4)
    assert (test.stopped, len(test)) == ("not finite", 3)
    assert not np.isfinite(test.losses[2])
    assert np.isfinite(test.losses[:2]).all()


def test_a_first_loss_that_is_not_finite_is_an_error_that_says_where_to_look():
    with pytest.raises(DivergenceError, match=r"nan at its first step.*inputs"):
        scripted([math.nan])


def quadratic(rate=99.0):
    """w -> w**2 from w = 1, by plain gradient descent: w is multiplied by 1 - 2 rate."""
    model = nn.Linear(1, 1, bias=False, dtype=torch.float64)
    nn.init.ones_(model.weight)
    batches = [(torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))]
    return model, batches, mse_loss, torch.optim.SGD(model.parameters(), lr=rate)


def test_the_rate_on_record_is_the_one_that_its_step_was_taken_with():
    test = lr_range_test(*quadratic(), start=0.01, end=0.4, steps=6, stop_factor=math.inf)
    weights = np.concatenate([[1.0], np.cumprod(1 - 2 * test.rates)[:-1]])
    np.testing.assert_allclose(test.losses, weights**2, rtol=1e-12)


def test_factors_multiply_the_rates_of_their_groups():
    plain = lr_range_test(*quadratic(), start=0.02, end=0.2, steps=5)
    model, batches, loss, optimizer = quadratic()
    halved = lr_range_test(
        model, batches, loss, optimizer, start=0.04, end=0.4, steps=5, factors=[0.5]
    )
    np.testing.assert_allclose(halved.losses, plain.losses)
    np.testing.assert_allclose(halved.rates, 2 * plain.rates)


class Counting:
    """A loader that knows how often it was started and how much was taken from it."""

    def __init__(self, batches):
        self.batches, self.starts, self.taken = batches, 0, 0

    def __iter__(self):
        self.starts += 1
        for batch in self.batches:
            self.taken += 1
            yield batch


def test_a_short_loader_is_restarted_and_no_batch_too_many_is_taken():
    model, (batch,), loss, optimizer = quadratic()
    loader = Counting([batch] * 3)
    lr_range_test(model, loader, loss, optimizer, start=1e-4, end=0.1, steps=7)
    assert (loader.starts, loader.taken) == (3, 7)


def network(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(
            nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.1), nn.Linear(32, 10)
        )


def images(seed=0):
    data = digits(dtype=np.float32)
    generator = torch.Generator().manual_seed(seed)
    dataset = TensorDataset(torch.from_numpy(data.pixels), torch.from_numpy(data.labels))
    return DataLoader(dataset, batch_size=64, shuffle=True, generator=generator)


def test_two_tests_in_a_row_are_equal_and_a_seed_makes_another():
    model, loader = network(), images()
    optimizer = torch.optim.Adam(model.parameters())
    first, second = (lr_range_test(model, loader, cross_entropy, optimizer) for _ in range(2))
    np.testing.assert_array_equal(first.losses, second.losses)
    other = lr_range_test(model, images(1), cross_entropy, optimizer)
    assert (other.losses[:5] != first.losses[:5]).any()


def test_on_digits_the_suggestions_train_and_the_record_draws_itself():
    model, loader = network(), images()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
    test = lr_range_test(model, loader, cross_entropy, optimizer)
    suggested = test.suggestions()
    assert suggested.valley == test.valley() == valley(test.rates, test.smoothed)
    assert suggested.steepest == test.steepest()
    assert suggested.minimum_over_ten == test.minimum_over_ten()
    assert 1e-4 < suggested.valley < suggested.minimum_over_ten < 1
    assert isinstance(test.plot(), Figure)
    losses = []
    for group in optimizer.param_groups:
        group["lr"] = suggested.valley
    for inputs, targets in chain(loader, loader, loader, loader):
        optimizer.zero_grad()
        loss = cross_entropy(model(inputs), targets)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert np.mean(losses[-10:]) < 0.5 * test.losses[0]  # over 15 seeds 0.24 to 0.27


def test_a_model_in_evaluation_mode_trains_in_training_mode():
    model, seen = network().eval(), []
    model[1].register_forward_hook(lambda module, *_: seen.append(module.training))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    lr_range_test(model, images(), cross_entropy, optimizer, steps=2)
    assert seen == [True, True]


def test_a_submodule_frozen_in_evaluation_mode_stays_frozen():
    model, seen = network().train(), []
    model[1].eval()
    model[1].register_forward_hook(lambda module, *_: seen.append(module.training))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    lr_range_test(model, images(), cross_entropy, optimizer, steps=2)
    assert seen == [False, False]


def test_it_works_where_gradients_are_switched_off():
    with torch.no_grad():
        test = lr_range_test(*quadratic(), start=0.01, end=0.4, steps=3)
    assert test.losses[2] < test.losses[0]


@pytest.mark.parametrize("progress", [True, False])
def test_the_progress_bar_is_shown_on_request(progress, capsys):
    lr_range_test(*quadratic(), start=0.01, end=0.4, steps=3, progress=progress)
    assert ("range test" in capsys.readouterr().err) == progress


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_gpu_sees_what_the_cpu_sees_and_its_random_state_is_put_back():
    model = network().cuda()
    before = torch.cuda.get_rng_state()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    test = lr_range_test(model, images(), cross_entropy, optimizer)
    assert torch.equal(before, torch.cuda.get_rng_state())
    model.cpu()[3].p = 0.0
    model.cuda()
    quiet = lr_range_test(model, images(), cross_entropy, optimizer, steps=10, end=1e-3)
    model.cpu()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    oracle = lr_range_test(model, images(), cross_entropy, optimizer, steps=10, end=1e-3)
    np.testing.assert_allclose(quiet.losses, oracle.losses, rtol=1e-4)
    assert len(test) > 50


# ---------------------------------------------------------------------------------- errors


def called(**changes):
    model, batches, loss, optimizer = quadratic()
    parts = {"model": model, "loader": batches, "loss": loss, "optimizer": optimizer, **changes}
    return lr_range_test(**parts)


def frozen():
    model, batches, loss, optimizer = quadratic()
    model.weight.requires_grad_(False)
    return lr_range_test(model, batches, loss, optimizer)


PAIR = (torch.ones(1, 1, dtype=torch.float64), torch.zeros(1, 1, dtype=torch.float64))
WRONG = {
    "a start of 0": (lambda: called(start=0), ValueError, "start: .*> 0"),
    "a negative end": (lambda: called(end=-1), ValueError, "end: .*-1"),
    "ends the wrong way": (lambda: called(start=1, end=0.1), ValueError, "end: .*more than.*0.1"),
    "ends that are equal": (lambda: called(start=1, end=1), ValueError, "end: .*more than"),
    "a NaN": (lambda: called(start=math.nan), ValueError, "start: .*nan"),
    "one step": (lambda: called(steps=1), ValueError, "steps: .*>= 2"),
    "half a step": (lambda: called(steps=9.5), TypeError, "steps: .*9.5"),
    "too smooth": (lambda: called(smoothing=1), ValueError, "smoothing: .*below 1"),
    "a percentage": (lambda: called(smoothing=98), ValueError, "smoothing: .*98"),
    "a factor of 1": (lambda: called(stop_factor=1), ValueError, "stop_factor: .*> 1"),
    "factors of other groups": (lambda: called(factors=[1, 2]), ValueError, "factors: .*got 2"),
    "no model": (lambda: called(model=len), TypeError, "model: .*Module"),
    "no loader": (lambda: called(loader=3), TypeError, "loader: .*got 3"),
    "a generator": (lambda: called(loader=(b for b in [PAIR])), TypeError, "loader: .*a generator"),
    "an empty loader": (lambda: called(loader=[]), ValueError, "loader: .*at least one batch"),
    "no pairs": (lambda: called(loader=[PAIR[0]]), TypeError, "loader: .*pairs"),
    "triples": (lambda: called(loader=[PAIR * 2]), TypeError, "loader: .*pairs"),
    "no loss": (lambda: called(loss="mse"), TypeError, "loss: .*'mse'"),
    "a loss per example": (
        lambda: called(loss=nn.MSELoss(reduction="none")),
        ValueError,
        "loss: .*scalar.*mean",
    ),
    "no optimizer": (lambda: called(optimizer=0.1), TypeError, "optimizer: .*0.1"),
    "the optimizer of another model": (
        lambda: called(model=nn.Linear(1, 1, dtype=torch.float64)),
        ValueError,
        "optimizer: .*parameters of the model",
    ),
    "nothing to train": (frozen, ValueError, "optimizer: .*unfreeze"),
    "values of two dimensions": (
        lambda: exponential_moving_average([[1.0]], 0.9),
        ValueError,
        r"values: .*\(1, 1\)",
    ),
    "no values": (lambda: exponential_moving_average("abc", 0.9), TypeError, "values: "),
    "a negative beta": (lambda: exponential_moving_average([1.0], -0.1), ValueError, "beta: "),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named_with_a_way_out(case):
    call, kind, message = WRONG[case]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, ArgumentError)
    assert caught.value.hint


def test_a_record_of_too_few_steps_suggests_nothing_and_still_draws_itself():
    losses = np.array([2.0, 1.0])
    test = LRRangeTest(np.array([0.1, 1.0]), losses, losses, "finished")
    with pytest.raises(ArgumentValueError, match="losses: "):
        test.suggestions()
    labels = [label.get_text() for label in test.plot().axes[1].get_yticklabels()]
    assert labels == ["valley: none", "minimum / 10: none", "steepest: none"]
