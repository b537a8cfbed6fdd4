"""The range test: by hand, with scripted losses, and end to end on digits."""

import math
from itertools import chain

import numpy as np
import pytest
import torch
from matplotlib.figure import Figure
from torch import nn
from torch.nn.functional import cross_entropy, mse_loss
from torch.utils.data import DataLoader, TensorDataset

from course.data import digits
from course.errors import ArgumentError, ArgumentValueError, DivergenceError
from course.lr_finder import LRRangeTest, exponential_moving_average, lr_range_test, valley


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
