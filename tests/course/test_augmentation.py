"""Augmentation: one draw per image, from the given generator, and nothing at strength 0."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import ndimage

from course.augmentation import (
    brightness_contrast,
    compose,
    random_affine,
    random_crop,
    random_flip,
    warp,
)
from course.errors import ArgumentError

STRONG = {
    "affine": random_affine(degrees=30, shift=2, zoom=0.3, shear=10),
    "flip": random_flip(),
    "vertical flip": random_flip(axis="vertical"),
    "crop": random_crop(padding=3),
    "smaller crop": random_crop((5, 6)),
    "lighting": brightness_contrast(0.3, 0.5),
    "composed": compose(random_flip(), random_affine(), brightness_contrast()),
}
WEAKEST = {
    "affine": random_affine(degrees=0, shift=0, zoom=0, shear=0),
    "flip": random_flip(0),
    "crop": random_crop(),
    "lighting": brightness_contrast(0, 0),
    "composed": compose(random_flip(0), random_crop(), brightness_contrast(0, 0)),
    "nothing composed": compose(),
}


def photographs(count=16, channels=3, height=8, width=9, dtype=torch.float32, seed=0):
    generator = torch.Generator().manual_seed(seed)
    return torch.rand(count, channels, height, width, generator=generator).to(dtype)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


# ----------------------------------------------------------------------- what all of them keep


@pytest.mark.parametrize("name", STRONG)
def test_equal_seeds_draw_equal_views_and_others_others(name):
    first, again, other = (STRONG[name](photographs(), seeded(seed)) for seed in (1, 1, 2))
    torch.testing.assert_close(first, again, rtol=0, atol=0)
    assert not torch.equal(first, other)


@pytest.mark.parametrize("name", STRONG)
def test_each_image_has_a_draw_of_its_own(name):
    copies = photographs(1).expand(32, -1, -1, -1)
    views = STRONG[name](copies, seeded())
    assert len({view.numpy().tobytes() for view in views}) > 1


@pytest.mark.parametrize("name", STRONG)
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_the_dtype_is_kept(name, dtype):
    assert STRONG[name](photographs(dtype=dtype), seeded()).dtype == dtype


@pytest.mark.parametrize("name", STRONG)
def test_neither_the_images_nor_the_global_generator_are_touched(name):
    images, before = photographs(), torch.get_rng_state()
    views = STRONG[name](images, seeded())
    views.zero_()
    torch.testing.assert_close(images, photographs(), rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("name", WEAKEST)
def test_strength_0_returns_the_images_bit_for_bit_as_a_copy(name):
    images, generator = photographs(), seeded()
    views = WEAKEST[name](images, generator)
    assert torch.equal(views, images)
    assert views.data_ptr() != images.data_ptr()
    assert torch.equal(generator.get_state(), seeded().get_state())


@pytest.mark.parametrize("name", STRONG)
def test_no_image_at_all_is_fine(name):
    assert len(STRONG[name](photographs(0), seeded())) == 0


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("name", STRONG)
def test_a_gpu_augments_with_a_generator_of_its_own(name):
    images = photographs().cuda()
    views = STRONG[name](images, torch.Generator("cuda").manual_seed(0))
    assert views.device == images.device
    with pytest.raises(ArgumentError, match="generator: expected one on cuda:0"):
        STRONG[name](images, seeded())


# --------------------------------------------------------------------------------------- warp


def test_plus_one_pixel_in_x_moves_the_content_one_to_the_left():
    image = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]]])
    right = torch.tensor([[[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]]])
    expected = torch.tensor([[[[2.0, 3.0, 0.0], [5.0, 6.0, 0.0]]]])
    torch.testing.assert_close(warp(image, right), expected)
    down = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 1.0, 1.0]]])
    expected = torch.tensor([[[[4.0, 5.0, 6.0], [0.0, 0.0, 0.0]]]])
    torch.testing.assert_close(warp(image, down), expected)


@given(st.integers(-3, 3), st.integers(-3, 3))
def test_a_whole_shift_is_a_roll_inside(right, down):
    images = photographs(2, height=10, width=12, dtype=torch.float64)
    maps = torch.tensor([[[1.0, 0.0, right], [0.0, 1.0, down]]]).expand(2, -1, -1)
    rolled = images.roll((-down, -right), dims=(2, 3))
    inside = (..., slice(3, -3), slice(3, -3))
    torch.testing.assert_close(warp(images, maps)[inside], rolled[inside])


@given(st.integers(0, 2**32 - 1))
def test_warp_is_scipys_affine_transform(seed):
    generator = np.random.default_rng(seed)
    image = generator.random((7, 10))
    a, b, c, d = (np.eye(2) + generator.uniform(-0.6, 0.6, (2, 2))).ravel()
    right, down = generator.uniform(-3, 3, 2)
    # scipy counts rows first, and from the corner
    matrix, centre = np.array([[d, c], [b, a]]), (np.array(image.shape) - 1) / 2
    offset = centre + np.array([down, right]) - matrix @ centre
    expected = ndimage.affine_transform(image, matrix, offset, order=1, mode="grid-constant")
    maps = torch.tensor([[[a, b, right], [c, d, down]]])
    ours = warp(torch.tensor(image)[None, None], maps)
    np.testing.assert_allclose(ours[0, 0], expected, atol=1e-12)


def test_a_positive_angle_turns_counter_clockwise_as_seen(monkeypatch):
    monkeypatch.setattr(
        "course.augmentation.affine.uniform", lambda i, g, limit: torch.ones(1) * limit
    )
    image = torch.tensor([[[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0, 8.0, 9.0]]]])
    turned = random_affine(degrees=90, shift=0, zoom=0)(image, seeded())
    torch.testing.assert_close(turned, image.rot90(1, dims=(2, 3)))


def test_a_zoom_above_1_enlarges(monkeypatch):
    monkeypatch.setattr(
        "course.augmentation.affine.uniform", lambda i, g, limit: torch.ones(1) * limit
    )
    point = torch.zeros(1, 1, 9, 9)
    point[..., 3:6, 3:6] = 1
    assert random_affine(degrees=0, shift=0, zoom=0.5)(point, seeded()).sum() > 15


def test_draws_lie_within_the_strengths_and_fill_them(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "course.augmentation.affine.warp", lambda i, maps, padding: seen.append(maps) or i
    )
    random_affine(degrees=20, shift=3, zoom=0.25)(photographs(4000, 1, 2, 2), seeded())
    maps = seen[0]
    sizes = 1 / torch.linalg.det(maps[:, :, :2]).sqrt()
    angles = torch.rad2deg(torch.atan2(maps[:, 1, 0], maps[:, 0, 0]))
    for values, limit in [(sizes - 1, 0.25), (angles, 20), (maps[:, 0, 2], 3), (maps[:, 1, 2], 3)]:
        assert values.abs().max() <= limit * (1 + 1e-4)
        assert values.max() > 0.95 * limit
        assert values.min() < -0.95 * limit
        assert values.std() == pytest.approx(limit / math.sqrt(3), rel=0.05)


# ---------------------------------------------------------------------- flips, crops, lighting


@pytest.mark.parametrize(("axis", "dimension"), [("horizontal", 3), ("vertical", 2)])
def test_flipping_twice_changes_nothing_and_once_is_a_mirror(axis, dimension):
    images, mirror = photographs(), random_flip(1, axis=axis)
    once = mirror(images, seeded())
    assert torch.equal(once, images.flip(dimension))
    assert torch.equal(mirror(once, seeded()), images)


def test_half_of_the_images_are_flipped():
    images = photographs(2000, 1, 2, 2)
    flipped = (random_flip(0.25)(images, seeded()) != images).any(dim=(1, 2, 3))
    assert flipped.float().mean().item() == pytest.approx(0.25, abs=0.03)


def test_a_crop_is_a_window_of_the_padded_image_and_every_place_comes():
    image = torch.arange(1.0, 13).reshape(1, 1, 3, 4)
    padded = np.pad(image[0, 0].numpy(), 1)
    windows = {
        padded[row : row + 3, column : column + 4].tobytes()
        for row in range(3)
        for column in range(3)
    }
    views = random_crop(padding=1)(image.expand(300, -1, -1, -1), seeded())
    assert {view.numpy().tobytes() for view in views} == windows


@pytest.mark.parametrize(("mode", "numpys"), [("reflection", "reflect"), ("border", "edge")])
def test_the_padding_of_a_crop_is_numpys(mode, numpys):
    images = photographs(3, 1, 4, 4)
    padded = np.pad(images.numpy(), [(0, 0), (0, 0), (2, 2), (2, 2)], mode=numpys)
    np.testing.assert_array_equal(random_crop(8, padding=2, mode=mode)(images, seeded()), padded)


def test_lighting_by_hand(monkeypatch):
    draws = iter([torch.tensor([0.1, 0.0]), torch.tensor([1.0, -1.0])])
    monkeypatch.setattr("course.augmentation.lighting.uniform", lambda *_: next(draws))
    images = torch.tensor([0.2, 0.4]).reshape(1, 1, 1, 2).expand(2, -1, -1, -1)
    lit = brightness_contrast()(images, seeded())
    expected = [[0.2, 0.6], [0.25, 0.35]]  # doubled about .3 and .1 brighter; halved
    torch.testing.assert_close(lit.reshape(2, 2), torch.tensor(expected))


@given(st.integers(0, 1000))
def test_contrast_keeps_the_mean_and_brightness_the_spread(seed):
    images = photographs(4, dtype=torch.float64)
    contrasted = brightness_contrast(0, 1, limits=None)(images, seeded(seed))
    torch.testing.assert_close(contrasted.mean(dim=(1, 2, 3)), images.mean(dim=(1, 2, 3)))
    brightened = brightness_contrast(1, 0, limits=None)(images, seeded(seed))
    torch.testing.assert_close(brightened.std(dim=(1, 2, 3)), images.std(dim=(1, 2, 3)))


def test_lighting_stays_within_its_limits():
    lit = brightness_contrast(1, 2)(photographs(), seeded())
    assert (lit.min(), lit.max()) == (0, 1)


def test_compose_goes_from_left_to_right_through_one_generator():
    images, generator = photographs(), seeded(3)
    first, second = random_affine(), brightness_contrast()
    by_hand = second(first(images, generator), generator)
    assert torch.equal(compose(first, second)(images, seeded(3)), by_hand)
    assert not torch.equal(compose(second, first)(images, seeded(3)), by_hand)


# ------------------------------------------------------------------------------------- errors

FACTORIES = {
    "negative degrees": (lambda: random_affine(degrees=-1), "degrees: "),
    "NaN degrees": (lambda: random_affine(degrees=math.nan), "degrees: "),
    "negative shift": (lambda: random_affine(shift=-1), "shift: "),
    "zoom of 1": (lambda: random_affine(zoom=1), "zoom: .*below 1"),
    "shear of 90": (lambda: random_affine(shear=90), "shear: .*below 90"),
    "unknown padding": (lambda: random_affine(padding="wrap"), "padding: expected 'zeros' or"),
    "a percentage": (lambda: random_flip(50), "probability: .*share"),
    "a probability as text": (lambda: random_flip("half"), "probability: "),
    "unknown axis": (lambda: random_flip(axis="diagonal"), "axis: .*'diagonal'"),
    "no window": (lambda: random_crop(0), "size: .*>= 1"),
    "half a window": (lambda: random_crop(2.5), "size: .*whole number"),
    "three sides": (lambda: random_crop((1, 2, 3)), "size: .*height and a width"),
    "negative padding": (lambda: random_crop(padding=-1), "padding: "),
    "unknown mode": (lambda: random_crop(mode="wrap"), "mode: "),
    "negative brightness": (lambda: brightness_contrast(-0.1), "brightness: "),
    "negative contrast": (lambda: brightness_contrast(0, -0.1), "contrast: "),
    "limits swapped": (lambda: brightness_contrast(limits=(1, 0)), "limits: .*lower one first"),
    "no function": (lambda: compose(random_flip(), 3), "augmentations: .*got 3"),
}
CALLS = {
    "a list": ([[1.0]], seeded(), "images: .*list"),
    "bytes": (torch.zeros(1, 3, 4, 4, dtype=torch.uint8), seeded(), "images: .*uint8.*255"),
    "a single image": (torch.zeros(8, 8), seeded(), r"images: .*\(N, C, H, W\).*images\[None"),
    "no pixel": (torch.zeros(1, 3, 0, 4), seeded(), "images: "),
    "a seed": (torch.zeros(1, 3, 4, 4), 0, "generator: expected a torch.Generator, got 0"),
    "NumPy's": (torch.zeros(1, 3, 4, 4), np.random.default_rng(0), "generator: .*Generator"),
    "elsewhere": (torch.zeros(1, 3, 4, 4, device="meta"), seeded(), "generator: .*on meta.*on cpu"),
}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", FACTORIES)
def test_a_wrong_strength_is_named(case):
    make, message = FACTORIES[case]
    with pytest.raises(ArgumentError, match=message):
        make()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", CALLS)
@pytest.mark.parametrize("augmentations", [STRONG, WEAKEST])
def test_a_wrong_call_is_an_error_at_any_strength(case, augmentations):
    images, generator, message = CALLS[case]
    for augment in augmentations.values():
        with pytest.raises(ArgumentError, match=message):
            augment(images, generator)


@pytest.mark.usefixtures("unchecked")
def test_a_window_or_a_map_that_does_not_fit_is_an_error():
    images = photographs(2)
    with pytest.raises(ArgumentError, match=r"size: expected at most \(8, 9\)"):
        random_crop(10)(images, seeded())
    with pytest.raises(ArgumentError, match="padding: expected below 8"):
        random_crop(padding=8, mode="reflection")(images, seeded())
    with pytest.raises(ArgumentError, match=r"maps: expected shape \(2, 2, 3\)"):
        warp(images, torch.eye(2, 3)[None])
