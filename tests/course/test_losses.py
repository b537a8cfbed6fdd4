"""The losses and their gradients: hand values, torch as an oracle, properties, errors."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from jaxtyping import TypeCheckError
from torch.nn import functional

from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError
from course.losses import (
    log_softmax,
    multiclass_hinge,
    multiclass_hinge_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

LECTURE = np.array([[3.2, 5.1, -1.7], [1.3, 4.9, 2.0], [2.2, 2.5, -3.1]])
LOSSES = [multiclass_hinge, softmax_cross_entropy]
GRADIENTS = [multiclass_hinge_gradient, softmax_cross_entropy_gradient]
PAIRS = list(zip(LOSSES, GRADIENTS, strict=True))
ALL = [*LOSSES, *GRADIENTS]
REDUCTIONS = ["mean", "sum", "none"]


def batch(seed=0, examples=7, classes=5, dtype=np.float64):
    generator = np.random.default_rng(seed)
    scores = generator.normal(scale=2, size=(examples, classes)).astype(dtype)
    return scores, generator.integers(0, classes, examples)


batches = st.builds(
    batch, st.integers(0, 2**32 - 1), examples=st.integers(1, 9), classes=st.integers(1, 6)
)


def test_shapes_are_checked_while_the_tests_run():
    with pytest.raises(TypeCheckError):
        multiclass_hinge(LECTURE, np.array([0, 1]))


# ---------------------------------------------------------------- values worked out by hand


def test_hinge_of_the_lectures_three_images():
    losses = multiclass_hinge(LECTURE, np.arange(3), reduction="none")
    np.testing.assert_allclose(losses, [2.9, 0, 12.9], rtol=1e-12)
    assert multiclass_hinge(LECTURE, np.arange(3)) == pytest.approx(15.8 / 3)
    assert multiclass_hinge(LECTURE, np.arange(3), reduction="sum") == pytest.approx(15.8)


def test_cross_entropy_of_the_lectures_cat_is_a_natural_logarithm():
    loss = softmax_cross_entropy(LECTURE[:1], np.array([0]))
    assert loss == pytest.approx(np.log(1 + np.exp(1.9) + np.exp(-4.9)))
    assert loss == pytest.approx(2.04, abs=0.005)


@pytest.mark.parametrize("classes", [1, 2, 3, 10])
def test_equal_scores_cost_c_minus_1_and_log_c(classes):
    scores, targets = np.zeros((4, classes)), np.zeros(4, dtype=int)
    assert multiclass_hinge(scores, targets) == classes - 1
    assert multiclass_hinge(scores, targets, margin=2.5) == 2.5 * (classes - 1)
    assert softmax_cross_entropy(scores, targets) == pytest.approx(np.log(classes))


@pytest.mark.parametrize(("target", "loss"), [(0, 0.0), (1, 1e4), (2, 2e4)])
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_huge_scores_neither_overflow_nor_vanish(target, loss, dtype):
    scores = np.array([[1e4, 0, -1e4]], dtype=dtype)
    assert softmax_cross_entropy(scores, np.array([target])) == pytest.approx(loss, rel=1e-3)


def test_each_row_is_shifted_by_its_own_maximum():
    scores = np.array([[1e4, 0.0], [-1e4, -1e4]])
    np.testing.assert_allclose(log_softmax(scores)[1], np.log([0.5, 0.5]))


def test_the_margin_survives_large_float32_scores():
    scores = np.full((1, 3), 1e8, dtype=np.float32)
    assert multiclass_hinge(scores, np.array([0])) == 2


def test_a_class_with_a_score_of_minus_infinity_has_no_probability():
    scores = np.array([[0.0, 0.0, -np.inf]])
    assert softmax_cross_entropy(scores, np.array([0])) == pytest.approx(np.log(2))
    assert softmax_cross_entropy(scores, np.array([2])) == np.inf
    gradient = softmax_cross_entropy_gradient(scores, np.array([0]))
    np.testing.assert_allclose(gradient, [[-0.5, 0.5, 0]])


def test_hinge_gradient_counts_the_violating_classes():
    gradient = multiclass_hinge_gradient(LECTURE, np.arange(3), reduction="sum")
    np.testing.assert_array_equal(gradient, [[-1, 1, 0], [0, 0, 0], [1, 1, -2]])


def test_the_subgradient_is_0_where_a_margin_is_met_exactly():
    scores, targets = torch.tensor([[2.0, 1.0, 1.5]], requires_grad=True), torch.tensor([0])
    multiclass_hinge(scores, targets).backward()
    expected = [[-1.0, 0.0, 1.0]]
    assert scores.grad.tolist() == expected
    assert multiclass_hinge_gradient(scores, targets).tolist() == expected


# ------------------------------------------------------------------------ independent oracles


@given(batches, st.sampled_from(REDUCTIONS), st.sampled_from([0.0, 0.5, 1.0, 3.0]))
def test_hinge_is_c_times_torchs_multi_margin_loss(data, reduction, margin):
    scores, targets = map(torch.from_numpy, data)
    ours = multiclass_hinge(scores, targets, margin=margin, reduction=reduction)
    oracle = functional.multi_margin_loss(scores, targets, margin=margin, reduction=reduction)
    torch.testing.assert_close(ours, scores.shape[1] * oracle)


@given(batches, st.sampled_from(REDUCTIONS))
def test_cross_entropy_is_torchs(data, reduction):
    scores, targets = map(torch.from_numpy, data)
    ours = softmax_cross_entropy(scores, targets, reduction=reduction)
    torch.testing.assert_close(ours, functional.cross_entropy(scores, targets, reduction=reduction))
    torch.testing.assert_close(log_softmax(scores), functional.log_softmax(scores, dim=1))


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
@given(data=batches, reduction=st.sampled_from(REDUCTIONS))
def test_gradients_are_those_of_autograd(loss, gradient, data, reduction):
    scores, targets = torch.from_numpy(data[0]).requires_grad_(), torch.from_numpy(data[1])
    loss(scores, targets, reduction=reduction).sum().backward()
    ours = gradient(scores, targets, reduction=reduction)
    torch.testing.assert_close(ours, scores.grad)
    assert not ours.requires_grad


def test_cross_entropy_can_be_differentiated_twice():
    scores, targets = torch.randn(3, 4, dtype=torch.float64), torch.tensor([0, 3, 1])
    assert torch.autograd.gradgradcheck(
        lambda s: softmax_cross_entropy(s, targets), scores.requires_grad_()
    )


@pytest.mark.parametrize("function", ALL)
@given(data=batches, reduction=st.sampled_from(REDUCTIONS))
def test_numpy_and_torch_agree(function, data, reduction):
    ours = function(*data, reduction=reduction)
    other = function(*map(torch.from_numpy, data), reduction=reduction)
    np.testing.assert_allclose(ours, other.numpy(), rtol=1e-12, atol=1e-14)


# ------------------------------------------------------------------------------- properties


@given(batches, st.floats(-100, 100))
def test_adding_a_constant_to_a_row_changes_nothing(data, constant):
    scores, targets = data
    for loss in LOSSES:
        np.testing.assert_allclose(
            loss(scores + constant, targets), loss(scores, targets), rtol=1e-9, atol=1e-11
        )


@pytest.mark.parametrize("function", LOSSES)
@given(data=batches, seed=st.integers(0, 1000))
def test_renaming_the_classes_or_reordering_the_examples_changes_nothing(function, data, seed):
    (scores, targets), generator = data, np.random.default_rng(seed)
    classes = generator.permutation(scores.shape[1])
    rows = generator.permutation(len(scores))
    renamed = function(scores[:, classes], np.argsort(classes)[targets], reduction="none")
    losses = function(scores, targets, reduction="none")
    np.testing.assert_allclose(renamed, losses, rtol=1e-12, atol=1e-14)
    np.testing.assert_array_equal(
        function(scores[rows], targets[rows], reduction="none"), losses[rows]
    )


@pytest.mark.parametrize(("loss", "gradient"), PAIRS)
@given(data=batches)
def test_duplicating_the_batch_keeps_the_mean_and_doubles_the_sum(loss, gradient, data):
    twice = np.concatenate([data[0]] * 2), np.concatenate([data[1]] * 2)
    assert loss(*twice) == pytest.approx(loss(*data), rel=1e-12)
    assert loss(*twice, reduction="sum") == pytest.approx(2 * loss(*data, reduction="sum"))
    np.testing.assert_allclose(gradient(*twice)[: len(data[0])] * 2, gradient(*data), rtol=1e-12)


@pytest.mark.parametrize("gradient", GRADIENTS)
@given(data=batches)
def test_each_row_of_a_gradient_sums_to_0(gradient, data):
    np.testing.assert_allclose(gradient(*data).sum(axis=1), 0, atol=1e-14)


@given(batches)
def test_probabilities_sum_to_1(data):
    np.testing.assert_allclose(np.exp(log_softmax(data[0])).sum(axis=1), 1)


# ------------------------------------------------------ dtypes, devices, inputs left in peace


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_the_dtype_of_numpy_scores_is_kept(function, dtype, reduction):
    scores, targets = batch(dtype=dtype)
    assert function(scores, targets, reduction=reduction).dtype == dtype


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_and_device_of_torch_scores_are_kept(function, dtype):
    scores = torch.zeros(3, 4, dtype=dtype)
    result = function(scores, torch.tensor([0, 1, 2]))
    assert (result.dtype, result.device) == (dtype, scores.device)


def test_a_float64_margin_does_not_widen_float32():
    scores, targets = batch(dtype=np.float32)
    assert multiclass_hinge(scores, targets, margin=np.float64(1)).dtype == np.float32


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("function", ALL)
def test_a_gpu_gives_the_cpus_numbers(function):
    scores, targets = map(torch.from_numpy, batch())
    result = function(scores.cuda(), targets.cuda())
    assert result.is_cuda
    torch.testing.assert_close(result.cpu(), function(scores, targets))


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("dtype", ["int8", "uint8", "int16", "int32", "int64", "uint64"])
def test_any_integer_dtype_names_classes(function, dtype):
    scores, targets = batch()
    expected = function(scores, targets)
    np.testing.assert_array_equal(function(scores, targets.astype(dtype)), expected)
    tensors = torch.from_numpy(scores), torch.from_numpy(targets.astype(dtype))
    np.testing.assert_allclose(function(*tensors).numpy(), expected)


@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("convert", [np.asarray, torch.from_numpy])
def test_inputs_are_not_modified(function, convert):
    scores, targets = map(convert, batch())
    function(scores, targets)
    log_softmax(scores)
    np.testing.assert_array_equal(scores, batch()[0])
    np.testing.assert_array_equal(targets, batch()[1])


@pytest.mark.parametrize("function", ALL)
def test_read_only_and_strided_inputs_are_welcome(function):
    scores, targets = batch()
    scattered = np.asfortranarray(np.repeat(scores, 2, axis=0))[::2]
    for array in (scattered, targets):
        array.flags.writeable = False
    np.testing.assert_allclose(function(scattered, targets), function(scores, targets))


# ---------------------------------------------------------------------------------- errors

SCORES, TARGETS = batch()
INFINITY = np.array([0, np.inf, 0, 0, 0])
WRONG = {
    "scores that are a list": ([[1.0]], TARGETS, TypeError, "scores: .* a list"),
    "integer scores": (SCORES.astype(int), TARGETS, TypeError, "scores: .*float64"),
    "boolean scores": (SCORES > 0, TARGETS, TypeError, "scores: "),
    "complex scores": (SCORES + 0j, TARGETS, TypeError, "scores: "),
    "one row of scores": (SCORES[0], TARGETS, ValueError, r"scores: .*scores\[None, :\]"),
    "three dimensions": (SCORES[None], TARGETS, ValueError, "scores: .*shape"),
    "no example": (SCORES[:0], TARGETS[:0], ValueError, "scores: .*N >= 1"),
    "no class": (SCORES[:, :0], TARGETS, ValueError, "scores: .*C >= 1"),
    "targets that are a list": (SCORES, [0] * 7, TypeError, "targets: .*list"),
    "torch targets": (SCORES, torch.from_numpy(TARGETS), TypeError, "targets: .*torch"),
    "floating targets": (SCORES, TARGETS * 1.0, TypeError, "targets: .*float64"),
    "boolean targets": (SCORES, TARGETS > 2, TypeError, "targets: .*bool"),
    "one-hot targets": (SCORES, np.eye(5, dtype=int)[TARGETS], ValueError, r"targets: .*\(7, 5\)"),
    "too few targets": (SCORES, TARGETS[:6], ValueError, r"targets: .*\(7,\).*\(6,\)"),
    "a target of C": (SCORES, np.array([0, 1, 5, 0, 0, 0, 0]), ValueError, "got 5 at index 2"),
    "a negative target": (SCORES, np.array([0, 0, 0, 0, -1, 0, 0]), ValueError, "-1 at index 4"),
    "NaN": (np.where(np.arange(5) == 3, np.nan, SCORES), TARGETS, ValueError, r"nan at .*\(0, 3\)"),
    "infinity": (SCORES + INFINITY, TARGETS, ValueError, r"inf at index \(0, 1\)"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("case", WRONG)
def test_wrong_arguments_are_named_with_a_way_out(function, case):
    scores, targets, kind, message = WRONG[case]
    with pytest.raises(kind, match=message) as caught:
        function(scores, targets)
    assert isinstance(caught.value, ArgumentError)
    assert caught.value.hint


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("function", ALL)
def test_torch_inputs_meet_the_same_errors(function):
    scores = torch.zeros(2, 3)
    with pytest.raises(ArgumentTypeError, match=r"targets: .*torch tensor"):
        function(scores, np.array([0, 1]))
    with pytest.raises(ArgumentValueError, match="got 3 at index 1"):
        function(scores, torch.tensor([0, 3]))
    with pytest.raises(ArgumentValueError, match="on meta"):
        function(scores, torch.zeros(2, dtype=torch.int64, device="meta"))
    scores[1, 2] = torch.nan
    with pytest.raises(ArgumentValueError, match=r"nan at index \(1, 2\)"):
        function(scores, torch.tensor([0, 1]))


@pytest.mark.parametrize("function", [softmax_cross_entropy, softmax_cross_entropy_gradient])
def test_a_row_of_minus_infinity_is_an_error(function):
    with pytest.raises(ArgumentValueError, match=r"-inf at index \(0, 0\)"):
        function(np.full((1, 3), -np.inf), np.array([0]))


def test_finite_scores_whose_sum_overflows_are_no_error():
    scores = np.full((2, 3), 3e38, dtype=np.float32)
    assert multiclass_hinge(scores, np.array([0, 1])) == 2


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("function", ALL)
@pytest.mark.parametrize("reduction", ["average", "", None, 3])
def test_an_unknown_reduction_is_an_error(function, reduction):
    with pytest.raises(ArgumentValueError, match="reduction: expected 'mean', 'sum' or 'none'"):
        function(SCORES, TARGETS, reduction=reduction)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("function", [multiclass_hinge, multiclass_hinge_gradient])
@pytest.mark.parametrize(
    ("margin", "kind"),
    [(-1.0, ValueError), (np.nan, ValueError), (np.inf, ValueError), ("1", TypeError)],
)
def test_a_margin_must_be_a_finite_number_of_at_least_0(function, margin, kind):
    with pytest.raises(kind, match="margin: expected a finite number >= 0"):
        function(SCORES, TARGETS, margin=margin)


def test_errors_survive_pickling():
    error = ArgumentValueError("targets", "5", "0..4", "Count from 0.")
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), copy.name) == (type(error), str(error), "targets")
