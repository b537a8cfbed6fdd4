"""Dropout and early stopping: edges, moments, sequences by hand, deep copies, errors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError, CourseError
from course.regularization import EarlyStopping, dropout


def numpy_draw(seed=0):
    return np.ones((40, 50)), np.random.default_rng(seed)


def torch_draw(seed=0):
    return torch.ones(40, 50), torch.Generator().manual_seed(seed)


DRAWS = [numpy_draw, torch_draw]


# ---------------------------------------------------------------------------------- dropout


@pytest.mark.parametrize("draw", DRAWS)
def test_entries_are_0_or_scaled_up(draw):
    x, generator = draw()
    assert set(np.unique(dropout(x, 0.75, training=True, generator=generator))) == {0, 4}


@pytest.mark.parametrize("draw", DRAWS)
def test_nothing_is_dropped_at_0_and_everything_at_1(draw):
    x, generator = draw()
    np.testing.assert_array_equal(dropout(x, 0, training=True, generator=generator), x)
    np.testing.assert_array_equal(dropout(x, 1, training=True, generator=generator), 0 * x)
    infinite = x / 0 if isinstance(x, torch.Tensor) else np.full_like(x, np.inf)
    np.testing.assert_array_equal(dropout(infinite, 1, training=True, generator=generator), 0 * x)


@pytest.mark.parametrize("draw", DRAWS)
def test_the_very_same_array_comes_back_when_not_training(draw):
    x, _ = draw()
    assert dropout(x, 0.9, training=False) is x


@pytest.mark.parametrize("draw", DRAWS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_mean_and_variance_are_those_of_torchs_dropout(draw, p):
    x, generator = draw()
    ours = np.concatenate([dropout(x, p, training=True, generator=generator) for _ in range(50)])
    with torch.random.fork_rng():
        torch.manual_seed(0)
        theirs = functional.dropout(torch.ones(2000, 50), p)
    spread = np.sqrt(p / (1 - p) / ours.size)
    assert ours.mean() == pytest.approx(1, abs=5 * spread)
    assert theirs.mean().item() == pytest.approx(ours.mean(), abs=7 * spread)
    assert ours.var() == pytest.approx(p / (1 - p), rel=0.05)
    assert theirs.var().item() == pytest.approx(ours.var(), rel=0.05)


def test_the_gradient_passes_through_the_kept_entries_only():
    x = torch.arange(1.0, 101.0, requires_grad=True)
    y = dropout(x, 0.5, training=True, generator=torch.Generator().manual_seed(0))
    y.sum().backward()
    torch.testing.assert_close(x.grad, torch.where(y > 0, 2.0, 0.0))


@pytest.mark.parametrize("draw", DRAWS)
def test_a_seed_repeats_a_generator_moves_on_and_the_global_state_is_left_alone(draw):
    states = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    x, generator = draw()
    first, second = (dropout(x, 0.5, training=True, generator=generator) for _ in range(2))
    again = dropout(x, 0.5, training=True, generator=draw()[1])
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.random.get_state()[1], states[0])  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), states[1])


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept_and_inputs_not_modified(dtype):
    x = np.ones(9, dtype=dtype)
    assert dropout(x, 0.5, training=True, generator=np.random.default_rng(0)).dtype == dtype
    assert (x == 1).all()
    generator = torch.Generator().manual_seed(0)
    tensor = torch.from_numpy(x)
    assert dropout(tensor, 0.5, training=True, generator=generator).dtype == tensor.dtype


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("training", [False, True])
@pytest.mark.parametrize("p", [-0.1, 1.1, np.nan, "half"])
def test_p_must_be_a_probability_also_when_not_training(p, training):
    with pytest.raises(ArgumentError, match="p: expected"):
        dropout(np.ones(3), p, training=training, generator=np.random.default_rng(0))


@pytest.mark.usefixtures("unchecked")
def test_a_generator_that_does_not_fit_is_named():
    ours, theirs = np.random.default_rng(0), torch.Generator()
    for x, generator in [(torch.ones(2), ours), (np.ones(2), theirs), (np.ones(2), None)]:
        with pytest.raises(ArgumentTypeError, match="generator: "):
            dropout(x, 0.5, training=True, generator=generator)
    with pytest.raises(ArgumentValueError, match="generator: expected one on meta"):
        dropout(torch.ones(2, device="meta"), 0.5, training=True, generator=theirs)
    with pytest.raises(ArgumentTypeError, match=r"x: .*a list"):
        dropout([1.0], 0.5, training=True, generator=ours)
    with pytest.raises(ArgumentValueError, match=r"x: .*at least one entry"):
        dropout(np.ones((0, 2)), 0.5, training=True, generator=ours)


# --------------------------------------------------------------------------- early stopping

NAN = float("nan")
COARSE = {"patience": 9, "min_delta": 1}
SEQUENCES = {
    "it stops after patience updates": ([3, 2, 4, 5, 1], {"patience": 2}, 3, 1),
    "an improvement starts the count anew": ([3, 4, 2, 4, 1, 9, 9], {"patience": 2}, 6, 4),
    "a tie is no improvement": ([2, 2, 2], {"patience": 2}, 2, 0),
    "exactly min_delta is no improvement": ([2, 1.5, 1.0], COARSE, None, 0),
    "more than min_delta is one": ([2, 1.5, 0.9], COARSE, None, 2),
    "slow progress is judged against the best": ([3, 2.6, 2.2, 1.8], COARSE, None, 3),
    "NaN is no improvement": ([2, NAN, NAN], {"patience": 2}, 2, 0),
    "NaN at first is no best": ([NAN, 5, 6], {"patience": 3}, None, 1),
    "accuracies rise": ([0.5, 0.7, 0.6, 0.7], {"patience": 2, "mode": "max"}, 3, 1),
}


@pytest.mark.parametrize("case", SEQUENCES)
def test_sequences_by_hand(case):
    values, settings, stops_at, best = SEQUENCES[case]
    stopper, model = EarlyStopping(**settings), torch.nn.Linear(1, 1)
    stopped = (step for step, value in enumerate(values) if stopper.update(value, model))
    assert next(stopped, None) == stops_at
    assert stopper.best_update == best
    assert stopper.best_value == values[best]


def test_the_best_weights_and_buffers_come_back_as_copies():
    model, stopper = torch.nn.BatchNorm1d(2), EarlyStopping(patience=5)
    model.running_mean.fill_(7)
    stopper.update(1.0, model)
    best = {name: value.clone() for name, value in model.state_dict().items()}
    for _ in range(2):  # a second time too: the restored model does not reach into the copy
        with torch.no_grad():
            model.weight.add_(1)
            model.running_mean.zero_()
        stopper.update(2.0, model)
        stopper.restore(model)
        assert all(torch.equal(model.state_dict()[name], best[name]) for name in best)
    assert model.weight.requires_grad


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=12), st.integers(1, 4))
def test_without_min_delta_the_best_is_the_first_minimum_before_the_stop(values, patience):
    stopper, model, seen = EarlyStopping(patience), torch.nn.Linear(1, 1), []
    for value in values:
        seen.append(value)
        if stopper.update(value, model):
            break
    assert stopper.best_update == int(np.argmin(seen))
    mirrored = EarlyStopping(patience, mode="max")
    assert [mirrored.update(-v, model) for v in seen][-1] == (stopper.waited >= patience)
    assert mirrored.best_update == stopper.best_update


def test_a_tensor_or_array_of_one_value_will_do():
    stopper, model = EarlyStopping(1), torch.nn.Linear(1, 1)
    stopper.update(torch.tensor(0.5, requires_grad=True), model)
    stopper.update(np.float32(0.25), model)
    assert stopper.best_value == 0.25


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"patience": 0}, "patience: .*>= 1"),
        ({"patience": 1.5}, "patience: .*whole number"),
        ({"patience": 1, "min_delta": -1.0}, "min_delta: .*>= 0"),
        ({"patience": 1, "mode": "best"}, "mode: expected 'min' or 'max', got 'best'"),
    ],
)
def test_wrong_parameters_are_named(settings, message):
    with pytest.raises(ArgumentError, match=message):
        EarlyStopping(**settings)


@pytest.mark.usefixtures("unchecked")
def test_wrong_values_and_models_are_named_and_nothing_is_restored_before_a_best():
    stopper, model = EarlyStopping(1), torch.nn.Linear(1, 1)
    for value in (torch.ones(2), None, "low"):
        with pytest.raises(ArgumentTypeError, match="value: expected one number"):
            stopper.update(value, model)
    with pytest.raises(ArgumentTypeError, match="model: expected a torch module"):
        stopper.update(1.0, np.ones(3))
    assert stopper.update(NAN, model)
    with pytest.raises(CourseError, match="no best weights to restore"):
        stopper.restore(model)
