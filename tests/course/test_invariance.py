"""Shifts, deformations, BlurPool, cost and the theorem: by hand, against torch, properties."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from torch import nn
from torch.nn import functional

from course.errors import ArgumentError
from course.invariance import (
    BlurPool,
    MaxBlurPool,
    deform,
    dilation,
    pooling_cost,
    shift,
    smooth_displacement,
    translation_bound,
)
from course.invariance.shifting import shift_each


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, generator=seeded(seed), dtype=dtype)


# ---------------------------------------------------------------------------------- shift


def test_a_shift_is_down_and_to_the_right_and_wraps_around():
    image = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(shift(image, 1, 0), [[3, 4, 5], [0, 1, 2]])
    np.testing.assert_array_equal(shift(image, 0, 1), [[2, 0, 1], [5, 3, 4]])


def test_numpy_and_torch_agree_with_a_loop():
    images = random_images(2, 3, 4, 5)
    expected = np.empty((2, 3, 4, 5))
    for row in range(4):
        for column in range(5):
            expected[..., row, column] = images[..., (row - 2) % 4, (column + 3) % 5]
    np.testing.assert_array_equal(shift(images, 2, -3), expected)
    np.testing.assert_array_equal(shift(images.numpy(), 2, -3), expected)


def test_images_with_channels_last_say_where_their_axes_are():
    images = np.random.default_rng(0).random((2, 4, 5, 3))
    moved = shift(images, 1, 2, axes=(-3, -2))
    np.testing.assert_array_equal(moved, np.roll(images, (1, 2), axis=(1, 2)))


amounts = st.integers(-9, 9)


@given(amounts, amounts, amounts, amounts)
def test_shifts_add_up_and_can_be_undone(a, b, c, d):
    image = np.random.default_rng(0).random((4, 6))
    twice = shift(shift(image, a, b), c, d)
    np.testing.assert_array_equal(twice, shift(image, a + c, b + d))
    np.testing.assert_array_equal(shift(shift(image, a, b), -a, -b), image)


def test_each_image_can_have_its_own_shift():
    images = random_images(3, 2, 4, 5)
    moves = torch.tensor([[0, 0], [1, -2], [-3, 7]])
    expected = torch.stack(
        [shift(image, int(dy), int(dx)) for image, (dy, dx) in zip(images, moves, strict=True)]
    )
    torch.testing.assert_close(shift_each(images, moves), expected, rtol=0, atol=0)


# ------------------------------------------------------------------------------ deformation


def constant_field(dy, dx, height=6, width=7):
    field = torch.empty(2, height, width, dtype=torch.float64)
    field[0], field[1] = dy, dx
    return field


def test_a_constant_displacement_of_whole_pixels_is_a_shift():
    images = random_images(2, 6, 7)
    torch.testing.assert_close(deform(images, constant_field(2.0, -3.0)), shift(images, 2, -3))


def test_half_a_pixel_is_the_mean_of_neighbours():
    images = random_images(6, 7)
    expected = (images + shift(images, 0, 1)) / 2
    torch.testing.assert_close(deform(images, constant_field(0.0, 0.5)), expected)


@pytest.mark.parametrize(("dy", "dx"), [(0.25, 1.75), (-2.5, 0.3)])
def test_reflection_is_torchs_grid_sample(dy, dx):
    image, field = random_images(1, 1, 6, 7), constant_field(dy, dx)
    rows = (torch.arange(6.0, dtype=torch.float64)[:, None] - field[0]) * 2 / 5 - 1
    columns = (torch.arange(7.0, dtype=torch.float64) - field[1]) * 2 / 6 - 1
    grid = torch.stack([columns, rows], dim=-1)[None]
    expected = functional.grid_sample(image, grid, padding_mode="reflection", align_corners=True)
    torch.testing.assert_close(deform(image, field, padding="reflect"), expected)


def test_a_dilation_enlarges_a_bar_about_the_middle():
    image = torch.zeros(1, 41, dtype=torch.float64)
    image[0, 15:26] = 1  # 11 pixels
    larger = deform(image, dilation(1, 41, 2.0, dtype=torch.float64), padding="reflect")
    assert float(larger.sum()) == pytest.approx(22)
    torch.testing.assert_close(larger, larger.flip(1))


def test_a_dilation_by_1_moves_nothing():
    assert dilation(5, 6, 1.0).abs().max() == 0


@given(st.integers(0, 99), st.floats(0, 5), st.floats(0.5, 6))
def test_the_longest_displacement_is_the_amplitude(seed, amplitude, smoothness):
    field = smooth_displacement(
        8,
        9,
        amplitude=amplitude,
        smoothness=smoothness,
        generator=seeded(seed),
        dtype=torch.float64,
    )
    assert float(field.norm(dim=0).max()) == pytest.approx(amplitude)


def test_the_field_is_noise_under_scipys_gaussian():
    noise = torch.randn((2, 20, 24), generator=seeded(5), dtype=torch.float64).numpy()
    smooth = gaussian_filter(noise, 2.0, axes=(1, 2), mode="wrap", truncate=8)
    expected = smooth * 1.5 / np.linalg.norm(smooth, axis=0).max()
    found = smooth_displacement(
        20, 24, amplitude=1.5, smoothness=2.0, generator=seeded(5), dtype=torch.float64
    )
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_a_smoother_field_changes_less_from_pixel_to_pixel():
    def roughness(smoothness):
        field = smooth_displacement(
            32, 32, amplitude=1.0, smoothness=smoothness, generator=seeded()
        )
        return float(field.diff(dim=-1).abs().max())

    assert roughness(8.0) < roughness(3.0) < roughness(1.0)


def test_the_same_generator_gives_the_same_field_and_the_global_one_is_left_alone():
    before = torch.get_rng_state()
    first = smooth_displacement(8, 8, amplitude=1.0, generator=seeded(3))
    assert torch.equal(first, smooth_displacement(8, 8, amplitude=1.0, generator=seeded(3)))
    assert torch.equal(before, torch.get_rng_state())


def test_a_deformation_can_be_differentiated():
    images = random_images(1, 6, 7).requires_grad_()
    field = (0.3 + 0.2 * random_images(2, 6, 7, seed=1)).requires_grad_()
    assert torch.autograd.gradcheck(deform, (images, field))


# --------------------------------------------------------------------------------- blurring


@pytest.mark.parametrize("size", range(2, 8))
@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize("padding", ["circular", "reflect"])
@pytest.mark.parametrize("height", [9, 65])  # small images go another way than large ones
def test_blurring_is_torchs_depthwise_convolution(size, stride, padding, height):
    images = random_images(2, 3, height, 10)
    row = np.poly1d([0.5, 0.5]) ** (size - 1)  # powers of (1 + x) / 2: the binomials
    kernel = torch.tensor(np.outer(row.coeffs, row.coeffs)).expand(3, 1, size, size)
    sides = (size - 1) // 2, size // 2
    padded = functional.pad(images, (*sides, *sides), mode=padding)
    expected = functional.conv2d(padded, kernel, stride=stride, groups=3)
    found = BlurPool(size, stride, padding=padding)(images)
    assert found.shape == (2, 3, math.ceil(height / stride), math.ceil(10 / stride))
    torch.testing.assert_close(found, expected)


def test_a_dot_is_blurred_as_worked_out_by_hand():
    dot = torch.zeros(1, 1, 4, 4)
    dot[0, 0, 0, 0] = 16
    found = BlurPool(3, 1)(dot)[0, 0]
    assert found.tolist() == [[4, 2, 0, 2], [2, 1, 0, 1], [0, 0, 0, 0], [2, 1, 0, 1]]


@pytest.mark.parametrize("size", range(2, 8))
@pytest.mark.parametrize("padding", ["circular", "reflect"])
def test_a_constant_stays_as_it_is(size, padding):
    images = torch.full((1, 2, 8, 8), 3.0)
    torch.testing.assert_close(
        BlurPool(size, padding=padding)(images), torch.full((1, 2, 4, 4), 3.0)
    )


@pytest.mark.parametrize("size", range(2, 8))
def test_the_highest_frequency_is_gone(size):
    stripes = torch.tensor([1.0, -1.0]).repeat(4).expand(1, 1, 8, 8)
    assert BlurPool(size)(stripes).abs().max() < 1e-7


@pytest.mark.parametrize("pool", [BlurPool(), BlurPool(5), MaxBlurPool(), MaxBlurPool(3, 4)])
def test_a_shift_by_the_stride_is_a_shift_of_the_output(pool):
    images = random_images(2, 3, 8, 8)
    torch.testing.assert_close(pool(shift(images, 2, -4)), shift(pool(images), 1, -2))


@pytest.mark.parametrize("window", [1, 2, 3])
def test_max_blur_takes_the_maximum_first(window):
    images = random_images(1, 2, 8, 8)
    neighbours = [shift(images, -i, -j) for i in range(window) for j in range(window)]
    expected = BlurPool()(torch.stack(neighbours).amax(0))
    torch.testing.assert_close(MaxBlurPool(window)(images), expected)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_is_kept_and_nothing_is_learnt_or_saved(dtype):
    pool = MaxBlurPool()
    assert pool(torch.zeros(1, 1, 4, 4, dtype=dtype)).dtype == dtype
    assert not list(pool.parameters())
    assert not pool.state_dict()
    assert pool.to("meta").blur.kernel.device.type == "meta"


def test_a_blur_says_what_it_is():
    assert repr(BlurPool(5, 1)) == "BlurPool(size=5, stride=1, padding='circular')"


# ------------------------------------------------------------------------------------- cost


def small(pool, head=None):
    layers = [nn.Conv2d(1, 4, 3, padding=1), pool, nn.Conv2d(4, 8, 3, padding=1, groups=2)]
    return nn.Sequential(*layers, *(head or []))


def test_the_cost_worked_out_by_hand():
    cost = pooling_cost(small(nn.MaxPool2d(2)), (1, 8, 6))
    assert [layer.multiply_adds for layer in cost.pooled] == [48 * 4 * 9, 0, 12 * 8 * 18]
    assert [layer.activations for layer in cost.pooled] == [48 * 4, 12 * 4, 12 * 8]
    assert [layer.shape for layer in cost.unpooled] == [(4, 8, 6), (8, 8, 6)]
    assert cost.multiply_adds == (1728 + 1728, 1728 + 6912)
    assert cost.activations == (192 + 48 + 96, 192 + 384)


def test_the_blur_costs_a_little():
    cost = pooling_cost(small(MaxBlurPool()), (1, 8, 8))
    blur = cost.pooled[1]
    assert (blur.name, blur.kind, blur.multiply_adds) == ("1.blur", "BlurPool", 16 * 4 * 9)


def test_a_linear_head_grows_without_pooling():
    head = [nn.Flatten(), nn.Linear(8 * 16, 10)]
    cost = pooling_cost(small(nn.AvgPool2d(2), head), (1, 8, 8))
    assert cost.pooled[-1].multiply_adds == 8 * 16 * 10
    assert (cost.unpooled[-1].kind, cost.unpooled[-1].multiply_adds) == ("Linear", 8 * 64 * 10)


def test_counting_agrees_with_torchs_own_counter():
    from torch.utils.flop_counter import FlopCounterMode

    model = small(nn.MaxPool2d(2), [nn.Flatten(), nn.Linear(8 * 16, 10)])
    with FlopCounterMode(display=False) as counter:
        model(torch.zeros(1, 1, 8, 8))
    assert 2 * pooling_cost(model, (1, 8, 8)).multiply_adds[0] == counter.get_total_flops()


def test_the_model_is_left_as_it_was():
    model = small(nn.MaxPool2d(2)).train()
    pooling_cost(model, (1, 8, 8))
    assert isinstance(model[1], nn.MaxPool2d)
    assert model.training
    assert model[0].weight.device.type == "cpu"
    assert not model[0]._forward_hooks


# ------------------------------------------------------------------------------ the theorem


def test_the_bound_by_hand():
    assert translation_bound((3, 4), 0.5, 2.0, [2, 5]) == pytest.approx(math.pi)
    assert translation_bound(-5, 0.5, 2.0, [2, 5]) == pytest.approx(math.pi)
    assert translation_bound((0, 0), 1.0, 1.0, []) == 0


@given(st.integers(0, 2**32 - 1), st.integers(-20, 20))
def test_a_convolution_whose_filter_decays_keeps_to_the_bound(seed, t):
    signal = np.random.default_rng(seed).normal(size=64)
    frequencies = np.fft.fftfreq(64)
    decay = 0.05
    response = np.minimum(1, decay / np.maximum(abs(frequencies), 1e-12))  # |response| |w| <= K

    def layer(x):
        return np.fft.ifft(np.fft.fft(x) * response).real

    change = np.linalg.norm(layer(np.roll(signal, t)) - layer(signal))
    assert change <= translation_bound(t, decay, np.linalg.norm(signal), []) + 1e-12


# -------------------------------------------------------------------------------- bad input

IMAGES = torch.zeros(1, 1, 4, 4)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: shift([1.0], 0, 0), "images: expected a NumPy array or a torch tensor"),
        (lambda: shift(np.zeros(3), 0, 0), "images: .*2 axes"),
        (lambda: shift(np.zeros((2, 2), dtype=int), 0, 0), "images: expected floating-point"),
        (lambda: shift(np.full((2, 2), np.inf), 0, 0), "images: expected finite"),
        (lambda: shift(np.zeros((2, 2)), 0.5, 0), "dy, dx: expected a pair"),
        (lambda: deform(IMAGES, torch.zeros(2, 4, 5)), r"displacement: expected shape \(2, 4, 4\)"),
        (lambda: deform(IMAGES, torch.full((2, 4, 4), torch.nan)), "displacement: .*NaN"),
        (lambda: deform(IMAGES, torch.zeros(2, 4, 4), padding="zeros"), "padding: "),
        (lambda: smooth_displacement(4, 4, amplitude=-1, generator=seeded()), "amplitude: "),
        (lambda: smooth_displacement(4, 4, amplitude=1, generator=None), "generator: "),
        (
            lambda: smooth_displacement(4, 4, amplitude=1, smoothness=0, generator=seeded()),
            "smoothness: ",
        ),
        (lambda: dilation(4, 4, 0), "factor: "),
        (lambda: BlurPool(1), r"size: expected a whole number in 2\.\.7, got 1"),
        (lambda: BlurPool(8), "size: "),
        (lambda: BlurPool(3, 0), "stride: "),
        (lambda: BlurPool(padding="zeros"), "padding: expected 'circular' or 'reflect'"),
        (lambda: BlurPool()(torch.zeros(4, 4)), "images: expected shape"),
        (lambda: BlurPool(7, padding="reflect")(torch.zeros(1, 1, 3, 3)), "images: .*4 pixels"),
        (lambda: MaxBlurPool(0), "window: "),
        (lambda: pooling_cost("net", (1, 8, 8)), "model: expected a torch.nn.Module"),
        (lambda: pooling_cost(nn.Identity(), (8, 8)), "input_shape: "),
        (lambda: pooling_cost(nn.Identity(), (0, 8, 8)), "input_shape: "),
        (lambda: translation_bound((1, 2, 3), 1, 1, []), "shift: "),
        (lambda: translation_bound("far", 1, 1, []), "shift: "),
        (lambda: translation_bound(1, -1, 1, []), "K: "),
        (lambda: translation_bound(1, 1, math.nan, []), "norm: "),
        (lambda: translation_bound(1, 1, 1, [0.5]), "strides: expected numbers >= 1"),
        (lambda: translation_bound(1, 1, 1, 2), "strides: expected a list"),
    ],
)
def test_what_cannot_be_right_is_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
