"""The scattering transform: kymatio as an oracle, by hand, properties, errors."""

from pathlib import Path

import numpy as np
import pytest
import torch

from course.errors import ArgumentError
from course.invariance import deform, dilation, shift
from course.scattering import Scattering2d, filter_bank
from course.scattering.filters import crop_high_band, gabor, morlet, padded_side
from course.scattering.transform import average_matrix, wavelet_modulus

STORED = Path(__file__).parent / "data" / "scattering.npz"


def random_images(*shape, seed=0, dtype=torch.float64):
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def relative_distance(a, b):
    return float((a - b).norm() / b.norm())


# ------------------------------------------------------------------------------ the oracle


@pytest.mark.parametrize("case", "abcd")
def test_every_channel_is_kymatios_with_pi_put_right(case):
    with np.load(STORED) as stored:
        J, L = map(int, stored[f"{case}_J_L"])
        images = torch.from_numpy(stored[f"{case}_images"]).double()
        expected = torch.from_numpy(stored[f"{case}_coefficients"]).double()
    found = Scattering2d(J, tuple(images.shape[-2:]), L=L)(images)
    assert found.shape == expected.shape
    for channel in range(found.shape[1]):
        assert relative_distance(found[:, channel], expected[:, channel]) < 1e-5


@pytest.mark.filterwarnings("ignore")  # kymatio's own
def test_it_is_as_kymatio_computes_it_here(monkeypatch):
    import scipy.special

    # kymatio 0.3.0 imports a name that SciPy 1.17 dropped
    monkeypatch.setattr(scipy.special, "sph_harm", None, raising=False)
    reason = "kymatio is an optional oracle"
    kymatio = pytest.importorskip("kymatio.torch", reason=reason, exc_type=ImportError)
    images = random_images(3, 2, 32, 32, dtype=torch.float32)
    expected = kymatio.Scattering2D(J=2, shape=(32, 32))(images)
    assert 1e-6 < relative_distance(Scattering2d(2, (32, 32))(images), expected) < 1e-4


def test_the_order_0_is_a_direct_convolution_with_a_gaussian():
    images = random_images(1, 16, 16)
    padded = np.pad(images[0].numpy(), 4, mode="reflect")
    rows, columns = np.mgrid[:24, :24]
    expected = np.zeros((4, 4))
    for i in range(4):
        for j in range(4):
            down = (rows - 4 * (i + 1) + 12) % 24 - 12
            right = (columns - 4 * (j + 1) + 12) % 24 - 12
            gaussian = np.exp(-(down**2 + right**2) / (2 * 1.6**2)) / (2 * np.pi * 1.6**2)
            expected[i, j] = (gaussian * padded).sum()
    found = Scattering2d(2, (16, 16))(images)[0, 0]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_the_modulus_of_a_convolution_is_that_of_a_loop_over_pixels():
    image, wavelet = random_images(6, 6).numpy(), morlet((6, 6), sigma=0.8, theta=0.4, xi=2.0)
    expected = np.zeros((3, 3))
    for row in range(3):
        for column in range(3):
            total = sum(
                wavelet[(2 * row - i) % 6, (2 * column - j) % 6] * image[i, j]
                for i in range(6)
                for j in range(6)
            )
            expected[row, column] = abs(total)
    spectrum = torch.fft.fft2(torch.from_numpy(image))[None]
    filters = torch.from_numpy(np.fft.fft2(wavelet).real)[None]
    np.testing.assert_allclose(wavelet_modulus(spectrum, filters, 2)[0], expected, rtol=1e-9)


# ------------------------------------------------------------------------------ the filters


@pytest.mark.parametrize("J", [1, 2, 3])
@pytest.mark.parametrize("L", [1, 4, 7])
def test_wavelets_have_mean_0_and_the_low_pass_has_mean_1(J, L):
    bank = filter_bank(J, (16, 24), L=L)
    np.testing.assert_allclose(bank.psi[..., 0, 0], 0, atol=1e-12)
    assert bank.phi_rows[0] * bank.phi_columns[0] == pytest.approx(1, abs=1e-3)


def test_spectra_are_real():
    wavelet = morlet((40, 40), sigma=1.6, theta=0.7, xi=1.2)
    assert abs(np.fft.fft2(wavelet).imag).max() < 1e-12


def test_a_gabor_by_hand():
    g = gabor((32, 32), sigma=1.0, theta=0.0, xi=np.pi / 2)
    assert g[0, 0] == pytest.approx(1 / (2 * np.pi))
    assert g[1, 0] == pytest.approx(1j * np.exp(-0.5) / (2 * np.pi))  # a quarter period down
    assert g[0, 1] == pytest.approx(np.exp(-0.5) / (2 * np.pi))


def test_the_first_orientation_sees_its_grating():
    rows, columns = np.mgrid[:32, :32]
    for angle in range(8):
        theta = (3 - angle) * np.pi / 8
        wave = np.cos(3 * np.pi / 4 * (rows * np.cos(theta) + columns * np.sin(theta)))
        first = Scattering2d(2, (32, 32))(torch.from_numpy(wave))[1:9, 2:-2, 2:-2].mean((1, 2))
        assert int(first.argmax()) == angle


def test_a_cropped_filter_is_the_low_band():
    spectrum = np.arange(144.0).reshape(12, 12)
    kept = [0, 1, 2, 9, 10, 11]
    cropped = crop_high_band(spectrum, 1, (0, 1))
    np.testing.assert_array_equal(cropped, spectrum[np.ix_(kept, kept)])


def test_averages_keep_constants_and_have_a_row_for_each_output():
    matrix = average_matrix(filter_bank(2, (32, 32)).phi_rows, 0, 2)
    assert matrix.shape == (8, 40)
    np.testing.assert_allclose(matrix.sum(axis=1), 1, atol=1e-3)
    assert matrix.argmax(axis=1).tolist() == list(range(4, 36, 4))


# --------------------------------------------------------------------------- the transform


@pytest.mark.parametrize(("J", "L", "channels"), [(1, 8, 9), (2, 8, 81), (3, 8, 217), (3, 4, 61)])
def test_the_number_of_channels(J, L, channels):
    scattering = Scattering2d(J, (16, 16), L=L)
    assert scattering.channels == channels
    assert scattering(random_images(16, 16)).shape[0] == channels


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_dtype_and_the_axes_before_the_image_are_kept(dtype):
    found = Scattering2d(1, (8, 12))(random_images(2, 3, 8, 12, dtype=dtype))
    assert found.dtype == dtype
    assert found.shape == (2, 3, 9, 4, 6)


def test_images_do_not_mix():
    images, scattering = random_images(3, 16, 16), Scattering2d(2, (16, 16))
    one_by_one = torch.stack([scattering(image) for image in images])
    torch.testing.assert_close(scattering(images), one_by_one)


def test_a_constant_image_has_order_0_alone():
    found = Scattering2d(2, (16, 16))(torch.full((16, 16), 3.0, dtype=torch.float64))
    torch.testing.assert_close(
        found[0], torch.full((4, 4), 3.0, dtype=torch.float64), rtol=1e-3, atol=0
    )
    assert found[1:].abs().max() < 1e-12


def test_coefficients_scale_with_the_image():
    images, scattering = random_images(16, 16), Scattering2d(2, (16, 16))
    torch.testing.assert_close(scattering(-2 * images)[1:], 2 * scattering(images)[1:])


def test_autograd_goes_through():
    scattering = Scattering2d(2, (4, 5), L=2)
    images = random_images(1, 4, 5).requires_grad_()
    assert torch.autograd.gradcheck(scattering, images)


def test_the_gradient_at_0_is_finite():
    images = torch.zeros(8, 8, requires_grad=True)
    Scattering2d(2, (8, 8))(images).sum().backward()
    assert bool(images.grad.isfinite().all())


def test_the_filters_move_with_the_module_and_are_not_saved():
    scattering = Scattering2d(2, (8, 8)).to("meta")
    assert {buffer.device.type for buffer in scattering.buffers()} == {"meta"}
    assert len(scattering.state_dict()) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU here")
def test_a_gpu_computes_the_same():
    images, scattering = random_images(2, 16, 16), Scattering2d(2, (16, 16))
    expected = scattering(images)
    torch.testing.assert_close(scattering.to("cuda")(images.to("cuda")).cpu(), expected)


# -------------------------------------------------------------- what it is for: invariance


def a_gabor(size=64):
    rows, columns = np.mgrid[:size, :size] - size / 2
    envelope = np.exp(-(rows**2 + columns**2) / (2 * 8.0**2))
    return torch.from_numpy(envelope * np.cos(2.2 * columns))


def test_small_shifts_move_coefficients_less_than_pixels():
    image, scattering = a_gabor(), Scattering2d(3, (64, 64))
    moved = shift(image, 1, 1)
    features = relative_distance(scattering(moved)[1:], scattering(image)[1:])
    assert features < 0.25 * relative_distance(moved, image)


def test_a_fourier_modulus_ignores_shifts_but_not_dilations_and_scattering_bears_both():
    image, scattering = a_gabor(), Scattering2d(3, (64, 64))

    def modulus(x):
        return torch.fft.fft2(x).abs()

    field = dilation(64, 64, 1.05, dtype=torch.float64)
    larger = deform(image, field, padding="reflect")
    assert relative_distance(modulus(shift(image, 3, 5)), modulus(image)) < 1e-6
    fourier = relative_distance(modulus(larger), modulus(image))
    wavelets = relative_distance(scattering(larger), scattering(image))
    assert wavelets < 0.6 * fourier


# ------------------------------------------------------------------------------ bad input


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: Scattering2d(0, (8, 8)), "J: .*>= 1"),
        (lambda: Scattering2d(4, (8, 32)), "J: expected at most 3 for images of 8 x 32, got 4"),
        (lambda: Scattering2d(2, 32), "shape: expected a pair"),
        (lambda: Scattering2d(2, (8, 8.5)), "shape: expected a whole number"),
        (lambda: Scattering2d(2, (8, 8), L=0), "L: "),
        (lambda: Scattering2d(1, (8, 8))(np.zeros((8, 8))), "images: expected a torch tensor"),
        (lambda: Scattering2d(1, (8, 8))(torch.zeros(8, 9)), r"images: expected shape .*8, 8"),
        (lambda: Scattering2d(1, (8, 8))(torch.zeros(8)), "images: .*2 axes"),
        (lambda: Scattering2d(1, (8, 8))(torch.zeros(0, 8, 8)), "images: .*none of them empty"),
        (lambda: Scattering2d(1, (8, 8))(torch.full((8, 8), torch.nan)), "images: .*NaN"),
        (lambda: Scattering2d(1, (8, 8))(torch.zeros(8, 8).half()), "images: expected float32"),
        (lambda: Scattering2d(1, (8, 8))(torch.zeros(8, 8).int()), "images: expected floating"),
        (lambda: Scattering2d(1, (8, 8)).to("meta")(torch.zeros(8, 8)), "images: .*on meta"),
    ],
)
def test_what_cannot_be_right_is_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


def test_the_padded_canvas_is_that_of_kymatio():
    assert [padded_side(side, 2) for side in (4, 31, 32, 33)] == [12, 36, 40, 40]
