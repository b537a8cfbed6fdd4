"""ScheduledOptimizer: each step is taken with its own values, whatever the optimizer."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts

from course.errors import ArgumentError
from course.schedules import (
    ScheduledOptimizer,
    constant,
    linear,
    one_cycle,
    one_cycle_momentum,
    sample,
    warm_restarts,
)


def weights(count=1):
    return [torch.zeros(1, dtype=torch.float64, requires_grad=True) for _ in range(count)]


def groups(parameters):
    return [{"params": [parameter]} for parameter in parameters]


def moves(parameters, optimizer, steps):
    """How far each weight falls in each step when its gradient is 1: SGD's rate, as taken."""
    seen = []
    for _ in range(steps):
        before = [parameter.item() for parameter in parameters]
        optimizer.zero_grad()
        sum(parameter.sum() for parameter in parameters).backward()
        optimizer.step()
        seen.append([b - p.item() for b, p in zip(before, parameters, strict=True)])
    return np.array(seen)


def test_step_k_is_taken_with_the_value_of_step_k():
    (w,) = weights()
    optimizer = ScheduledOptimizer(torch.optim.SGD([w], lr=99.0), linear(4.0, 1.0, 3))
    np.testing.assert_allclose(moves([w], optimizer, 5)[:, 0], [4, 3, 2, 1, 1])
    assert optimizer.steps_taken == 5


@given(st.integers(1, 20), st.integers(1, 3))
def test_it_trains_as_torchs_scheduler_does(cycle_len, cycle_mult):
    (ours,), (theirs,) = weights(), weights()
    schedule = warm_restarts(0.5, 0.01, cycle_len, cycle_mult)
    scheduled = ScheduledOptimizer(torch.optim.SGD([ours], lr=0.5), schedule)
    plain = torch.optim.SGD([theirs], lr=0.5)
    scheduler = CosineAnnealingWarmRestarts(plain, cycle_len, cycle_mult, eta_min=0.01)
    for _ in range(60):
        moves([ours], scheduled, 1)
        moves([theirs], plain, 1)
        scheduler.step()
        assert ours.item() == theirs.item()


def test_each_group_follows_its_own_schedule():
    parameters = weights(2)
    optimizer = ScheduledOptimizer(
        torch.optim.SGD(groups(parameters), lr=9.0), [linear(1.0, 0.0, 2), constant(3.0)]
    )
    np.testing.assert_allclose(moves(parameters, optimizer, 3), [[1, 3], [0.5, 3], [0, 3]])


def test_factors_give_differential_rates():
    parameters = weights(3)
    optimizer = ScheduledOptimizer(
        torch.optim.SGD(groups(parameters), lr=9.0), linear(9.0, 0.0, 2), factors=(1 / 9, 1 / 3, 1)
    )
    assert optimizer.rates == pytest.approx((1, 3, 9))
    np.testing.assert_allclose(moves(parameters, optimizer, 2), [[1, 3, 9], [0.5, 1.5, 4.5]])


def test_factors_also_multiply_schedules_of_each_group():
    schedules = [constant(1.0), constant(2.0)]
    optimizer = torch.optim.SGD(groups(weights(2)), lr=9.0)
    assert ScheduledOptimizer(optimizer, schedules, factors=(3, 4)).rates == (3.0, 8.0)


def test_one_schedule_serves_all_groups():
    parameters = weights(2)
    optimizer = ScheduledOptimizer(torch.optim.SGD(groups(parameters), lr=9.0), constant(2.0))
    np.testing.assert_allclose(moves(parameters, optimizer, 2), 2)


OPTIMIZERS = [
    torch.optim.SGD,
    torch.optim.Adam,
    torch.optim.AdamW,
    torch.optim.RMSprop,
    torch.optim.Adagrad,
    torch.optim.NAdam,
]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_with_any_optimizer_a_constant_schedule_changes_nothing(kind):
    (ours,), (theirs,) = weights(), weights()
    scheduled = ScheduledOptimizer(kind([ours], lr=9.0), constant(0.01))
    np.testing.assert_array_equal(
        moves([ours], scheduled, 5), moves([theirs], kind([theirs], lr=0.01), 5)
    )


def test_a_closure_reaches_the_optimizer_and_its_loss_comes_back():
    (w,) = weights()
    optimizer = ScheduledOptimizer(torch.optim.LBFGS([w], lr=9.0), constant(1.0))

    def closure():
        optimizer.zero_grad()
        loss = ((w - 3) ** 2).sum()
        loss.backward()
        return loss.detach()

    assert float(optimizer.step(closure)) == 9.0
    assert w.item() == pytest.approx(3.0)


def test_a_rate_that_is_a_tensor_is_changed_in_place():
    (w,) = weights()
    rate = torch.tensor(9.0)
    optimizer = ScheduledOptimizer(torch.optim.SGD([w], lr=rate), linear(4.0, 0.0, 2))
    np.testing.assert_allclose(moves([w], optimizer, 2)[:, 0], [4, 2])
    assert rate.item() == 2.0


def test_the_momentum_of_sgd_and_the_first_beta_of_adam_are_scheduled():
    momentum = one_cycle_momentum(6)
    for kind, options in [(torch.optim.SGD, {"momentum": 0.5}), (torch.optim.Adam, {})]:
        (w,) = weights()
        inner = kind([w], lr=9.0, **options)
        optimizer = ScheduledOptimizer(inner, one_cycle(0.1, 6), momentum=momentum)
        for expected in sample(momentum, 8):
            moves([w], optimizer, 1)
            group = inner.param_groups[0]
            assert expected == (group["betas"][0] if "betas" in group else group["momentum"])
    assert inner.param_groups[0]["betas"][1] == 0.999


def test_it_goes_on_from_a_saved_state_as_if_never_stopped():
    def fresh():
        (w,) = weights()
        inner = torch.optim.SGD([w], lr=9.0, momentum=0.9)
        return w, ScheduledOptimizer(inner, warm_restarts(1.0, 0.1, 3, 2))

    w, whole = fresh()
    first = moves([w], whole, 5)
    state, value = copy.deepcopy(whole.state_dict()), w.item()
    rest = moves([w], whole, 6)
    resumed_w, resumed = fresh()
    with torch.no_grad():
        resumed_w.fill_(value)
    resumed.load_state_dict(state)
    assert resumed.steps_taken == len(first)
    np.testing.assert_array_equal(moves([resumed_w], resumed, 6), rest)


def test_a_step_that_fails_is_not_counted():
    (w,) = weights()
    optimizer = ScheduledOptimizer(torch.optim.SGD([w], lr=1.0), constant(1.0))
    with pytest.raises(ZeroDivisionError):
        optimizer.step(lambda: 1 / 0)
    assert optimizer.steps_taken == 0


def two_groups():
    return torch.optim.SGD(groups(weights(2)), lr=1.0)


def grown():
    optimizer = ScheduledOptimizer(two_groups(), constant(1.0))
    optimizer.optimizer.add_param_group({"params": weights()})
    optimizer.step()


WRONG = {
    "no optimizer": (lambda: ScheduledOptimizer(3, constant(1)), TypeError, "optimizer: .*got 3"),
    "a number": (lambda: ScheduledOptimizer(two_groups(), 0.1), TypeError, "schedule: .*constant"),
    "a number in the list": (
        lambda: ScheduledOptimizer(two_groups(), [constant(1), 0.1]),
        TypeError,
        "schedule: ",
    ),
    "a schedule too few": (
        lambda: ScheduledOptimizer(two_groups(), [constant(1)]),
        ValueError,
        "schedule: expected 2, one per parameter group, got 1",
    ),
    "a factor too many": (
        lambda: ScheduledOptimizer(two_groups(), constant(1), factors=[1, 2, 3]),
        ValueError,
        "factors: expected 2.*got 3",
    ),
    "a negative factor": (
        lambda: ScheduledOptimizer(two_groups(), constant(1), factors=[1, -1]),
        ValueError,
        "factors: .*-1",
    ),
    "no momentum to schedule": (
        lambda: ScheduledOptimizer(
            torch.optim.Adagrad(weights()), constant(1), momentum=constant(0.9)
        ),
        ValueError,
        "momentum: .*Adagrad",
    ),
    "a negative rate": (
        lambda: ScheduledOptimizer(two_groups(), lambda step: -1.0).step(),
        ValueError,
        "schedule: .*-1.0 at step 0",
    ),
    "a rate that is NaN": (
        lambda: ScheduledOptimizer(two_groups(), lambda step: math.nan).step(),
        ValueError,
        "schedule: .*nan at step 0",
    ),
    "a group added later": (grown, ValueError, "optimizer: expected 2 parameter groups"),
    "the state of something else": (
        lambda: ScheduledOptimizer(two_groups(), constant(1)).load_state_dict({"step": 3}),
        ValueError,
        r"state_dict: .*\['step'\]",
    ),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named_with_a_way_out(case):
    call, kind, message = WRONG[case]
    with pytest.raises(kind, match=message) as caught:
        call()
    assert isinstance(caught.value, ArgumentError)
    assert caught.value.hint
