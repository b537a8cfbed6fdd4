"""Penalties and decay: by hand, autograd and torch's optimizers as oracles, properties, errors."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError
from course.regularization import (
    decoupled_weight_decay,
    decoupled_weight_decay_,
    elastic_net,
    elastic_net_gradient,
    l1,
    l1_gradient,
    l2,
    l2_gradient,
)

W = np.array([[1.0, -2.0], [0.0, 3.0], [-4.0, 0.5]])
PENALTIES = [
    (l1, l1_gradient, {"strength": 0.3}),
    (l2, l2_gradient, {"strength": 0.3}),
    (elastic_net, elastic_net_gradient, {"l1": 0.3, "l2": 0.7}),
]
penalties = pytest.mark.parametrize(("penalty", "gradient", "strengths"), PENALTIES)
arrays = st.builds(
    lambda seed, rows, columns: np.random.default_rng(seed).normal(size=(rows, columns)),
    st.integers(0, 2**32 - 1),
    st.integers(2, 5),
    st.integers(1, 4),
)


# ---------------------------------------------------------------- values worked out by hand


def test_penalties_by_hand():
    assert l1(W, 0.1) == pytest.approx(0.1 * 10.5)
    assert l2(W, 0.1) == pytest.approx(0.1 * 30.25)  # no 1/2
    assert elastic_net(W, l1=0.1, l2=0.2) == pytest.approx(1.05 + 6.05)
    assert l1(W, 0.1, bias_row=True) == pytest.approx(0.1 * 6)
    assert l2(W, 0.1, bias_row=True) == pytest.approx(0.1 * 14)


def test_gradients_by_hand_are_0_for_a_weight_of_0_and_in_the_row_of_the_bias():
    np.testing.assert_allclose(l1_gradient(W, 0.5), 0.5 * np.array([[1, -1], [0, 1], [-1, 1]]))
    np.testing.assert_allclose(l2_gradient(W, 0.5), W)
    expected = [[1.1, -2.1], [0, 3.1], [0, 0]]
    np.testing.assert_allclose(elastic_net_gradient(W, l1=0.1, l2=0.5, bias_row=True), expected)


def test_decay_by_hand():
    np.testing.assert_allclose(decoupled_weight_decay(W, lr=0.1, decay=0.5), 0.95 * W)
    np.testing.assert_array_equal(decoupled_weight_decay(W, lr=0.5, decay=2), 0 * W)


# ------------------------------------------------------------------------ independent oracles


@penalties
@pytest.mark.parametrize("bias_row", [False, True])
@given(weights=arrays)
def test_gradients_are_those_of_autograd(penalty, gradient, strengths, bias_row, weights):
    weights[0, 0] = 0
    tensor = torch.tensor(weights, requires_grad=True)
    penalty(tensor, bias_row=bias_row, **strengths).backward()
    ours = gradient(weights, bias_row=bias_row, **strengths)
    np.testing.assert_allclose(ours, tensor.grad.numpy(), rtol=1e-12)


def test_l2_in_the_gradient_is_torchs_weight_decay_of_twice_the_strength():
    weights = torch.tensor(W, requires_grad=True)
    optimizer = torch.optim.SGD([weights], lr=0.1, weight_decay=2 * 0.3)
    expected = W.copy()
    for step in range(5):
        weights.grad = torch.full_like(weights, step)
        optimizer.step()
        expected = expected - 0.1 * (step + l2_gradient(expected, 0.3))
    np.testing.assert_allclose(weights.detach().numpy(), expected, rtol=1e-12)


@pytest.mark.parametrize("decay", [0.0, 0.3])
def test_adam_after_decoupled_decay_is_torchs_adamw(decay):
    ours = torch.tensor(W, requires_grad=True)
    theirs = torch.tensor(W, requires_grad=True)
    adam = torch.optim.Adam([ours], lr=0.1)
    adamw = torch.optim.AdamW([theirs], lr=0.1, weight_decay=decay)
    for step in range(5):
        for weights in (ours, theirs):
            weights.grad = torch.sin(weights.detach() + step)
        decoupled_weight_decay_([ours], lr=0.1, decay=decay)
        adam.step()
        adamw.step()
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


def test_for_plain_sgd_decoupled_decay_is_an_l2_penalty():
    gradient = np.cos(W)
    decayed = decoupled_weight_decay(W, lr=0.1, decay=0.6) - 0.1 * gradient
    np.testing.assert_allclose(decayed, W - 0.1 * (gradient + l2_gradient(W, 0.3)))


# ------------------------------------------------------------------------------- properties


@given(arrays, st.floats(-10, 10), st.floats(0, 5))
def test_l1_is_homogeneous_and_l2_quadratic(weights, factor, strength):
    assert l1(factor * weights, strength) == pytest.approx(abs(factor) * l1(weights, strength))
    assert l2(factor * weights, strength) == pytest.approx(factor**2 * l2(weights, strength))


@given(arrays)
def test_l2_does_not_change_when_the_weights_are_rotated(weights):
    rotation, _ = np.linalg.qr(np.random.default_rng(0).normal(size=(len(weights),) * 2))
    assert l2(rotation @ weights, 1) == pytest.approx(l2(weights, 1))


@penalties
@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_dtypes_are_kept_and_numpy_and_torch_agree(penalty, gradient, strengths, dtype):
    array, tensor = W.astype(dtype), torch.tensor(W, dtype=getattr(torch, dtype))
    for function in (penalty, gradient):
        ours, other = function(array, **strengths), function(tensor, **strengths)
        assert ours.dtype == dtype
        assert other.dtype == tensor.dtype
        np.testing.assert_allclose(ours, other.numpy(), rtol=2e-3 if dtype == "float16" else 1e-6)


@penalties
def test_inputs_are_not_modified(penalty, gradient, strengths):
    weights = W.copy()
    penalty(weights, bias_row=True, **strengths)
    gradient(weights, bias_row=True, **strengths)
    decoupled_weight_decay(weights, 0.1, 0.1)
    np.testing.assert_array_equal(weights, W)


def test_decay_in_place_keeps_the_parameters_and_their_graph_clean():
    layer = torch.nn.Linear(3, 2)
    before = layer.weight.detach().clone()
    decoupled_weight_decay_([layer.weight], lr=0.5, decay=0.5)
    torch.testing.assert_close(layer.weight.detach(), 0.75 * before)
    assert layer.weight.is_leaf
    assert layer.weight.grad is None


# ---------------------------------------------------------------------------------- errors


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("weights", "kind", "message"),
    [
        ([1.0], ArgumentTypeError, "weights: .*a list"),
        (np.arange(3), ArgumentTypeError, "weights: .*int64"),
        (np.zeros((0, 3)), ArgumentValueError, r"weights: .*\(0, 3\)"),
        (np.array([1.0, np.nan]), ArgumentValueError, "weights: .*finite"),
        (torch.tensor([1.0, -torch.inf]), ArgumentValueError, "weights: .*finite"),
    ],
)
@penalties
def test_wrong_weights_are_named(penalty, gradient, strengths, weights, kind, message):
    for function in (penalty, gradient):
        with pytest.raises(kind, match=message):
            function(weights, **strengths)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("function", [l1, l2, l1_gradient, l2_gradient])
@pytest.mark.parametrize("strength", [-0.1, np.nan, np.inf, "1", True])
def test_a_wrong_strength_is_named(function, strength):
    with pytest.raises(ArgumentError, match="strength: expected a finite number >= 0"):
        function(W, strength)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("name", ["l1", "l2"])
def test_a_wrong_strength_of_the_elastic_net_is_named(name):
    for function in (elastic_net, elastic_net_gradient):
        with pytest.raises(ArgumentValueError, match=f"{name}: .*got -1"):
            function(W, **({"l1": 1.0, "l2": 1.0} | {name: -1.0}))


def test_a_bias_row_needs_a_row_above_it():
    with pytest.raises(ArgumentValueError, match=r"weights: .*a bias row"):
        l2(np.ones((1, 3)), 0.1, bias_row=True)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("lr", "decay", "message"),
    [(-1.0, 0.1, "lr: .*-1"), (0.1, -1.0, "decay: .*-1"), (2.0, 1.0, "lr, decay: .*at most 1")],
)
def test_wrong_rates_are_named_and_nothing_is_changed(lr, decay, message):
    parameter = torch.ones(2, requires_grad=True)
    with pytest.raises(ArgumentValueError, match=message):
        decoupled_weight_decay(W, lr, decay)
    with pytest.raises(ArgumentValueError, match=message):
        decoupled_weight_decay_([parameter], lr, decay)
    with pytest.raises(ArgumentTypeError, match="parameters: "):
        decoupled_weight_decay_([parameter, W], 0.1, 0.1)
    assert parameter.tolist() == [1, 1]
