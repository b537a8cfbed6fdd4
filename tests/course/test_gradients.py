"""Numerical gradients against autograd and SciPy; relative error by hand; the check's record."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.optimize import approx_fprime

from course.errors import ArgumentError
from course.gradients import check_gradient, numerical_gradient, relative_error
from course.losses import (
    multiclass_hinge,
    multiclass_hinge_gradient,
    softmax_cross_entropy,
    softmax_cross_entropy_gradient,
)

# zero or a normal number: the quotient of two subnormal numbers has few digits
FLOATS = st.floats(-1e100, 1e100, allow_subnormal=False)


def bits(array):
    return np.asarray(array).tobytes()


# ---------------------------------------------------------------------- numerical_gradient


def test_a_parabola_is_exact_up_to_rounding():
    gradient = numerical_gradient(lambda x: (x**2).sum(), np.array([[1.0, -3.0], [0.0, 0.5]]))
    np.testing.assert_allclose(gradient, [[2, -6], [0, 1]], atol=1e-9)


def test_the_error_falls_with_the_square_of_h():
    x = np.array([0.7])
    wide, narrow = (
        abs(numerical_gradient(lambda x: np.exp(x).sum(), x, h) - np.exp(x))[0]
        for h in (1e-2, 1e-3)
    )
    assert wide / narrow == pytest.approx(100, rel=0.01)


def test_a_one_sided_difference_would_see_the_curvature():
    assert numerical_gradient(lambda x: (x**2).sum(), np.zeros(1), 0.1) == pytest.approx(0)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (2, 1, 2), (0,)])
def test_any_shape_of_numpy_and_torch(shape):
    x = np.random.default_rng(0).normal(size=shape)
    np.testing.assert_allclose(numerical_gradient(lambda x: (x**3).sum(), x), 3 * x**2, rtol=1e-6)
    gradient = numerical_gradient(lambda x: (x**3).sum(), torch.as_tensor(x))
    torch.testing.assert_close(gradient, 3 * torch.as_tensor(x) ** 2)


def test_it_agrees_with_autograd_and_with_scipy():
    x = np.random.default_rng(0).normal(size=6)
    tensor = torch.tensor(x, requires_grad=True)
    torch.sin(tensor).prod().backward()
    ours = numerical_gradient(lambda x: np.sin(x).prod(), x)
    np.testing.assert_allclose(ours, tensor.grad, rtol=1e-7)
    np.testing.assert_allclose(ours, approx_fprime(x, lambda x: np.sin(x).prod()), rtol=1e-5)


def test_large_entries_are_divided_by_the_step_that_was_taken():
    x = np.array([1e6])
    assert numerical_gradient(lambda x: x.sum(), x) == pytest.approx(1, rel=1e-12)


def test_a_function_may_look_at_x_through_a_closure():
    x = np.array([1.0, 2.0])
    np.testing.assert_allclose(numerical_gradient(lambda _: (x**2).sum(), x), [2, 4])


def test_a_strided_view_is_differentiated_in_place():
    base = np.arange(6.0)
    gradient = numerical_gradient(lambda _: (base**2).sum(), base[::2])
    np.testing.assert_allclose(gradient, [0, 4, 8], atol=1e-9)


def test_a_leaf_tensor_is_served_and_an_earlier_graph_stays_valid():
    x = torch.tensor([1.0, 2.0], dtype=torch.float64, requires_grad=True)
    loss = (x**3).sum()
    gradient = numerical_gradient(lambda x: (x**3).sum(), x)
    loss.backward()
    assert not gradient.requires_grad
    torch.testing.assert_close(gradient, x.grad)


AWKWARD = np.array([-0.0, 0.1, 1e-300, 3e15])
AWKWARD[1:2].view(np.uint64)[0] += 1  # a number that no decimal literal of one digit gives


@pytest.mark.parametrize("convert", [np.copy, torch.tensor])
def test_x_is_restored_bit_for_bit(convert):
    x = convert(AWKWARD)
    numerical_gradient(lambda x: x.sum(), x, h=1.0)
    assert bits(x) == bits(AWKWARD)


@pytest.mark.parametrize("convert", [np.copy, torch.tensor])
@pytest.mark.parametrize("fatal_call", [1, 2, 5])
def test_x_is_restored_when_f_raises(convert, fatal_call):
    x, calls = convert(AWKWARD), []

    def fails(x):
        calls.append(1)
        if len(calls) == fatal_call:
            raise KeyError("a mistake in f")
        return x.sum()

    with pytest.raises(KeyError, match="a mistake in f"):
        numerical_gradient(fails, x, h=1.0)
    assert bits(x) == bits(AWKWARD)


def test_x_is_restored_when_f_writes_to_it():
    x = np.array([1.0, 2.0, 3.0])

    def scribbles(x):
        x[2] = 99.0
        return x.sum()

    numerical_gradient(scribbles, x)
    np.testing.assert_array_equal(x, [1, 2, 3])


def test_nan_shows_where_f_returns_it():
    x = np.array([1.0, 2.0])
    gradient = numerical_gradient(lambda x: np.nan if x[1] != 2.0 else x.sum(), x)
    np.testing.assert_array_equal(np.isnan(gradient), [False, True])


READ_ONLY = np.zeros(2)
READ_ONLY.flags.writeable = False
WRONG = {
    "a float": (1.0, TypeError, "x: .*float64.* got 1.0"),
    "a list": ([1.0], TypeError, "x: .*a list"),
    "a NumPy scalar": (np.float64(1), TypeError, "x: "),
    "float32": (np.zeros(2, np.float32), TypeError, r"x: .*x\.astype\(np\.float64\)"),
    "float32 in torch": (torch.zeros(2), TypeError, r"x: .*x\.double\(\)"),
    "integers": (np.zeros(2, int), TypeError, "x: .*int64"),
    "a read-only array": (READ_ONLY, ValueError, r"x: .*x\.copy\(\)"),
    "an expanded tensor": (torch.zeros(1).double().expand(3), ValueError, "x: .*share memory"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", WRONG)
def test_an_unfit_x_is_named_with_a_way_out(case):
    x, kind, message = WRONG[case]
    for call in (
        lambda: numerical_gradient(lambda x: x.sum(), x),
        lambda: check_gradient(lambda x: x.sum(), x, x),
    ):
        with pytest.raises(kind, match=message) as caught:
            call()
        assert isinstance(caught.value, ArgumentError)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "f",
    [lambda x: x, lambda x: None, lambda x: "0.1", lambda x: [x.sum()], lambda x: x.sum()[None]],
)
def test_f_must_return_a_scalar(f):
    x = np.arange(3.0)
    with pytest.raises(ValueError, match=r"f: expected a function that returns a scalar.*\.mean"):
        numerical_gradient(f, x)
    np.testing.assert_array_equal(x, [0, 1, 2])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("h", "kind"), [(0.0, ValueError), (-1e-5, ValueError), (np.nan, ValueError), ("h", TypeError)]
)
def test_h_must_be_above_0(h, kind):
    with pytest.raises(kind, match="h: expected a finite number > 0"):
        numerical_gradient(lambda x: x.sum(), np.zeros(2), h)


def test_a_step_that_vanishes_beside_x_is_an_error():
    with pytest.raises(ValueError, match=r"h: .*vanishes beside the entry 1e\+20 at index \(1,\)"):
        numerical_gradient(lambda x: x.sum(), np.array([0.0, 1e20]))


# -------------------------------------------------------------------------- relative_error


@pytest.mark.parametrize(
    ("a", "b", "error"),
    [
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0),
        (2.0, 1.0, 0.5),
        (1.0, 2.0, 0.5),
        (1.0, -1.0, 2.0),
        (0.0, 1e-300, 1.0),
        (-4, -5, 0.2),
        (1e-9, 2e-9, 0.5),
    ],
)
def test_relative_errors_worked_out_by_hand(a, b, error):
    assert relative_error(a, b) == pytest.approx(error)
    assert relative_error(torch.tensor(a, dtype=torch.float64), b).item() == pytest.approx(error)


def test_each_entry_keeps_its_own_error_and_shapes_broadcast():
    error = relative_error(np.array([[2.0], [4.0]]), np.array([2.0, 1.0, 0.0]))
    np.testing.assert_allclose(error, [[0, 0.5, 1], [0.5, 0.75, 1]])


@pytest.mark.parametrize(
    ("a", "b"), [(np.nan, 1.0), (1.0, np.nan), (np.inf, 1.0), (np.inf, np.inf)]
)
def test_nan_and_infinity_never_pass_a_tolerance(a, b):
    assert np.isnan(relative_error(a, b))
    assert relative_error(torch.tensor(a), torch.tensor(b)).isnan()


@given(FLOATS, FLOATS, st.floats(0.001, 1000))
def test_it_is_symmetric_scale_free_and_between_0_and_2(a, b, scale):
    error = float(relative_error(a, b))
    assert 0 <= error <= 2
    assert error == float(relative_error(b, a))
    assert float(relative_error(scale * a, scale * b)) == pytest.approx(error, rel=1e-9, abs=1e-12)


@given(arrays.arrays(np.float64, 4, elements=FLOATS))
def test_numpy_and_torch_give_the_same_errors(a):
    b = a[::-1].copy()
    ours = relative_error(torch.from_numpy(a), torch.from_numpy(b))
    np.testing.assert_array_equal(relative_error(a, b), ours.numpy())


def test_float32_is_kept_and_unsigned_integers_do_not_wrap():
    assert relative_error(np.float32([1, 2]), np.float32([1, 3])).dtype == np.float32
    assert relative_error(torch.ones(2), 2.0).dtype == torch.float32
    assert relative_error(np.uint8([1]), np.uint8([2])) == 0.5


def test_a_tensor_with_a_graph_is_compared_by_its_numbers():
    assert relative_error(torch.ones(1, requires_grad=True), 2.0).tolist() == [0.5]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        (np.ones(2), torch.ones(2), "b: expected a NumPy array.*torch array"),
        (torch.ones(2), np.ones(2), "b: expected a torch array.*NumPy array"),
        ([1.0], 1.0, "a: expected a number or an array"),
        (1.0, None, "b: expected a number or an array"),
    ],
)
def test_what_cannot_be_compared_is_named(a, b, message):
    with pytest.raises(TypeError, match=message):
        relative_error(a, b)


# -------------------------------------------------------------------------- check_gradient

X = np.random.default_rng(1).normal(size=(6, 4))
TARGETS = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize(
    ("loss", "gradient"),
    [
        (multiclass_hinge, multiclass_hinge_gradient),
        (softmax_cross_entropy, softmax_cross_entropy_gradient),
    ],
)
@pytest.mark.parametrize("convert", [np.asarray, torch.as_tensor])
def test_the_librarys_own_gradients_pass(loss, gradient, convert):
    x, targets = convert(X), convert(TARGETS)
    W = convert(np.random.default_rng(2).normal(size=(4, 3)))
    analytic = x.T @ gradient(x @ W, targets) + 2 * 0.1 * W
    check = check_gradient(lambda W: loss(x @ W, targets) + 0.1 * (W**2).sum(), analytic, W)
    assert check.passed, str(check)
    assert (check.checked, check.size) == (12, 12)


def test_the_record_names_the_worst_entry():
    x = np.array([[1.0, 2.0], [3.0, 4.0]])
    wrong = 2 * x
    wrong[1, 0] = 3.0
    check = check_gradient(lambda x: (x**2).sum(), wrong, x)
    assert not check.passed
    assert check.index == (1, 0)
    assert (check.analytic, check.numeric) == (3.0, pytest.approx(6))
    assert check.relative_error == pytest.approx(0.5)
    assert str(check) == (
        "gradient check FAILED: the worst relative error is 5.0e-01 at index (1, 0) "
        "(analytic 3, numeric 6); 4 of 4 entries checked, tolerance 1e-06"
    )
    with pytest.raises(dataclasses.FrozenInstanceError):
        check.tolerance = 1.0


def test_forgetting_the_2_of_the_penalty_fails_at_weights_of_about_1():
    W = np.random.default_rng(0).normal(size=(3, 2))
    assert not check_gradient(lambda W: 0.1 * (W**2).sum(), 0.1 * W, W).passed


def test_a_single_nan_fails_the_check():
    x = np.array([1.0, 2.0, 3.0])
    check = check_gradient(lambda x: (x**2).sum(), np.array([0.0, np.nan, 6.0]), x)
    assert not check.passed
    assert check.index == (1,)
    assert str(check).startswith("gradient check FAILED")


def test_the_tolerance_decides():
    x = np.array([1.0])
    for tolerance, passed in [(1e-3, True), (1e-5, False)]:
        check = check_gradient(lambda x: (x**2).sum(), np.array([2.0002]), x, tolerance=tolerance)
        assert check.passed is passed


def test_samples_are_distinct_entries_drawn_by_the_generator():
    x, seen = np.zeros((5, 4)), []

    def f(x):
        seen.append(tuple(np.argwhere(x)[0]))
        return x.sum()

    def run(seed):
        seen.clear()
        check = check_gradient(
            f, np.ones((5, 4)), x, samples=7, generator=np.random.default_rng(seed)
        )
        assert (check.checked, check.size) == (7, 20)
        assert len(set(seen)) == 7
        return list(seen)

    assert run(0) == run(0) != run(1)


@pytest.mark.parametrize("wrong", range(12))
def test_as_many_samples_as_entries_check_them_all(wrong):
    gradient = np.ones(12)
    gradient[wrong] = 2.0
    check = check_gradient(
        lambda x: x.sum(), gradient, np.zeros(12), samples=12, generator=np.random.default_rng(0)
    )
    assert check.index == (wrong,)
    assert not check.passed


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "kind", "message"),
    [
        ({"gradient": np.ones(2)}, ValueError, r"gradient: .*\(3,\).*\(2,\)"),
        ({"gradient": lambda x: x}, TypeError, "gradient: .*not the function"),
        ({"samples": 2}, TypeError, "generator: .*default_rng"),
        ({"samples": 4, "generator": np.random.default_rng(0)}, ValueError, r"samples: .*1\.\.3"),
        ({"samples": 0, "generator": np.random.default_rng(0)}, ValueError, "samples: "),
        ({"tolerance": -1.0}, ValueError, "tolerance: "),
        ({"h": 0.0}, ValueError, "h: "),
        ({"x": np.zeros(0), "gradient": np.zeros(0)}, ValueError, "x: .*nothing to check"),
    ],
)
def test_wrong_arguments_of_the_check_are_named(changes, kind, message):
    arguments = {"f": lambda x: x.sum(), "gradient": np.ones(3), "x": np.zeros(3), **changes}
    with pytest.raises(kind, match=message) as caught:
        check_gradient(**arguments)
    assert isinstance(caught.value, ArgumentError)
