"""What layers and decisions make of shifts: by hand, against loops, properties, errors."""

from itertools import combinations

import numpy as np
import pytest
import torch
from torch import nn

from course.errors import ArgumentError
from course.invariance import (
    MaxBlurPool,
    accuracy_by_shift,
    equivariance_error,
    invariance_by_depth,
    sensitivity_map,
    shift,
    shift_consistency,
)
from course.invariance.arguments import require_generator
from course.invariance.measuring import at_rest
from course.models.seeding import seeded

IMAGES = torch.randn(4, 1, 8, 8, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def circular(channels_in, channels_out, padding_mode="circular"):
    with seeded(0):
        layer = nn.Conv2d(channels_in, channels_out, 3, padding=1, padding_mode=padding_mode)
    return layer.double()


def pooled_net(head=None):
    """Two poolings by 2: the product of the strides is 4."""
    body = [circular(1, 3), nn.ReLU(), nn.MaxPool2d(2), circular(3, 3), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*body, *(head or [nn.AdaptiveAvgPool2d(1), nn.Flatten()]))


# ----------------------------------------------------------------------------- equivariance


def test_a_circular_convolution_commutes_with_every_shift():
    for move in [(1, 0), (0, -3), (5, 2)]:
        assert equivariance_error(circular(1, 3), IMAGES, move) < 1e-12


def test_zero_padding_does_not():
    assert equivariance_error(circular(1, 3, "zeros"), IMAGES, (0, 3)) > 0.01


def test_strided_stages_commute_with_shifts_by_the_product_of_their_strides():
    body = pooled_net()[:6]
    assert equivariance_error(body, IMAGES, (4, -8), stride=4) < 1e-12
    assert equivariance_error(MaxBlurPool(), IMAGES, (2, 4), stride=2) < 1e-12


def test_the_equivariance_error_by_hand():
    images = torch.tensor([3.0, 4.0, 0.0, 0.0]).reshape(1, 1, 1, 4)

    def first_column(x):  # keeps column 0, drops the others
        return x * torch.tensor([1.0, 0, 0, 0])

    # of the image: (3, 0, 0, 0), moved (0, 3, 0, 0); of the moved image (0, 3, 4, 0): nothing
    assert equivariance_error(first_column, images, (0, 1)) == pytest.approx(1)


# ------------------------------------------------------------------------------------ depth


def test_both_norms_by_hand():
    images = torch.tensor([[1.0, 0, 0, 0], [0, 0, 2.0, 0]]).reshape(2, 1, 1, 4)
    (record,) = invariance_by_depth([nn.Identity()], images, [(0, 1), (0, 0)])
    root = np.sqrt(2)
    assert record.relative_change == pytest.approx(root / 2)  # sqrt 2 each, and 0 at no shift
    assert record.change_over_distance == pytest.approx((root + 2 * root) / 4 / np.sqrt(5))
    assert (record.name, record.kind) == ("0", "Identity")


def test_the_network_is_exactly_invariant_at_the_product_of_its_strides():
    layers = pooled_net()
    at_4 = invariance_by_depth(layers, IMAGES, [(4, 0), (0, -4)])
    at_1 = invariance_by_depth(layers, IMAGES, [(1, 0), (0, 1)])
    assert [record.kind for record in at_4] == [type(layer).__name__ for layer in layers]
    assert at_4[-1].relative_change < 1e-12
    assert at_4[-1].change_over_distance < 1e-12
    assert at_4[0].relative_change > 0.1
    assert at_1[-1].relative_change > 1e-4


def test_layers_can_be_named():
    records = invariance_by_depth({"first": nn.ReLU(), "second": nn.Tanh()}, IMAGES, [(0, 1)])
    assert [record.name for record in records] == ["first", "second"]


def test_the_norms_tell_two_stories_where_all_features_look_alike():
    class Lifted(nn.Module):  # adds what all images share
        def forward(self, x):
            return x + 100

    plain, lifted = invariance_by_depth([nn.Identity(), Lifted()], IMAGES, [(0, 1)])
    assert lifted.relative_change < 0.1 * plain.relative_change
    assert lifted.change_over_distance == pytest.approx(plain.change_over_distance)


# -------------------------------------------------------------------------------- decisions


def test_a_constant_model_is_consistent():
    def constant(x):
        return torch.tensor([[0.0, 1.0]]).repeat(len(x), 1)

    assert shift_consistency(constant, IMAGES, 3, generator()) == 1


def test_a_model_that_sees_positions_agrees_as_often_as_two_dice():
    dots = torch.eye(5).reshape(5, 1, 1, 5).repeat(200, 1, 1, 1)
    found = shift_consistency(nn.Flatten(), dots, 2, generator(), draws=20)
    assert found == pytest.approx(1 / 5, abs=0.015)  # 4.5 standard errors and more


def test_without_shifts_every_model_is_consistent():
    assert shift_consistency(nn.Flatten(), IMAGES, 0, generator()) == 1


def test_the_generator_decides_and_the_global_state_is_left_alone():
    before = torch.get_rng_state()
    dots = torch.eye(5).reshape(5, 1, 1, 5).repeat(20, 1, 1, 1)
    found = [shift_consistency(nn.Flatten(), dots, 2, generator(seed)) for seed in (1, 1, 2)]
    assert found[0] == found[1] != found[2]
    assert torch.equal(before, torch.get_rng_state())


def test_accuracy_by_shift_is_that_of_the_shifted_images():
    model = pooled_net([nn.Flatten()])
    labels = torch.tensor([0, 3, 1, 2])
    moves = [(0, 0), (1, 2), (0, -3)]
    expected = [
        np.mean([int(model(shift(IMAGES, *m))[i].argmax()) == labels[i] for i in range(4)])
        for m in moves
    ]
    np.testing.assert_array_equal(accuracy_by_shift(model, IMAGES, labels, moves), expected)


def test_a_shift_by_the_product_of_the_strides_changes_no_decision_after_global_pooling():
    model = pooled_net()
    with torch.no_grad():
        labels = model(IMAGES).argmax(dim=1)
    assert accuracy_by_shift(model, IMAGES, labels, [(4, 0), (0, 4), (-4, 8)]).tolist() == [1, 1, 1]


# ------------------------------------------------------------------------------ sensitivity


def test_a_sensitivity_map_is_that_of_loops():
    model = pooled_net([nn.Flatten()])
    with torch.no_grad():
        plain = model(IMAGES).numpy()
        distance = np.mean([np.linalg.norm(a - b) for a, b in combinations(plain, 2)])
        expected = np.empty((5, 5))
        for dy in range(-2, 3):
            for dx in range(-2, 3):
                moved = model(shift(IMAGES, dy, dx)).numpy()
                changes = [np.linalg.norm(a - b) for a, b in zip(moved, plain, strict=True)]
                expected[2 + dy, 2 + dx] = np.mean(changes) / distance
    np.testing.assert_allclose(sensitivity_map(model, IMAGES, 2), expected, rtol=1e-9)


def test_the_middle_of_a_map_is_0_and_an_invariant_feature_is_0_everywhere():
    assert sensitivity_map(nn.Flatten(), IMAGES, 1)[1, 1] == 0
    blind = nn.Sequential(circular(1, 4), nn.ReLU(), nn.AdaptiveAvgPool2d(1))
    assert sensitivity_map(blind, IMAGES, 2).max() < 1e-12


def test_rows_are_down_and_columns_are_right():
    stripes = torch.zeros(2, 1, 4, 4)
    stripes[0, 0, :, 1], stripes[1, 0, :, 2] = 1, 2  # vertical: no shift down is seen
    seen = sensitivity_map(nn.Flatten(), stripes, 1)
    assert seen[:, 1].tolist() == [0, 0, 0]
    assert (seen[:, [0, 2]] > 0.5).all()


def test_a_generator_on_another_device_is_named():
    with pytest.raises(ArgumentError, match="generator: expected one on meta, got one on cpu"):
        require_generator(generator(), torch.device("meta"))


# --------------------------------------------------------------------------- models at rest


def test_models_are_measured_in_evaluation_mode_and_left_as_they_were():
    model = nn.Sequential(nn.BatchNorm2d(1), nn.Dropout(0.5), nn.Flatten()).double()
    model[1].eval()
    before = [part.training for part in model.modules()]
    statistics = model[0].running_mean.clone()
    first, second = (sensitivity_map(model, IMAGES, 1) for _ in range(2))
    np.testing.assert_array_equal(first, second)
    assert [part.training for part in model.modules()] == before
    assert torch.equal(model[0].running_mean, statistics)


def test_modes_are_put_back_after_an_error():
    model = nn.Dropout()
    with pytest.raises(RuntimeError), at_rest(model):
        raise RuntimeError
    assert model.training


# -------------------------------------------------------------------------------- bad input

LABELS = torch.zeros(4, dtype=torch.int64)


def flat(x):
    return x.flatten(1)


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: equivariance_error(nn.MaxPool2d(2), IMAGES, (0, 3), stride=2),
            r"shift: expected multiples of the stride 2, got \(0, 3\)",
        ),
        (lambda: equivariance_error(nn.Identity(), IMAGES, 3), "shift: expected a pair"),
        (lambda: equivariance_error(nn.Identity(), IMAGES, (0, 1), stride=0), "stride: "),
        (lambda: equivariance_error(nn.Identity(), IMAGES[0, 0], (0, 1)), "images: .*4 axes"),
        (lambda: equivariance_error(nn.Identity(), IMAGES.numpy(), (0, 1)), "images: .*tensor"),
        (lambda: equivariance_error(nn.MaxPool2d(2), IMAGES, (0, 1)), "layer: expected maps"),
        (lambda: equivariance_error(flat, IMAGES, (0, 1)), "layer: expected maps"),
        (lambda: equivariance_error(lambda x: 0 * x, IMAGES, (0, 1)), "layer: .*not 0"),
        (lambda: invariance_by_depth([nn.Identity()], IMAGES, []), "shifts: "),
        (lambda: invariance_by_depth([nn.Identity()], IMAGES, [1]), "shifts: expected a pair"),
        (lambda: invariance_by_depth(nn.Identity(), IMAGES, [(0, 1)]), "layers: "),
        (
            lambda: invariance_by_depth([nn.Identity()], IMAGES[:1], [(0, 1)]),
            "images: .*at least 2",
        ),
        (
            lambda: invariance_by_depth([nn.Threshold(99, 0)], IMAGES, [(0, 1)]),
            r"layers\[0\]: expected features that are not 0",
        ),
        (lambda: sensitivity_map(flat, IMAGES * torch.nan, 1), "images: .*NaN"),
        (lambda: sensitivity_map(flat, IMAGES, -1), "max_shift: "),
        (lambda: sensitivity_map(lambda x: x.sum(), IMAGES, 1), "features: .*4 rows"),
        (lambda: sensitivity_map(lambda x: x / 0, IMAGES, 1), "features: expected finite"),
        (lambda: sensitivity_map(lambda x: x.numpy(), IMAGES, 1), "features: .*torch tensor"),
        (lambda: sensitivity_map(lambda x: 0 * x, IMAGES, 1), "images: .*equal features"),
        (lambda: shift_consistency(flat, IMAGES, 1, None), "generator: expected a torch.Generator"),
        (lambda: shift_consistency(flat, IMAGES, 1.5, generator()), "max_shift: "),
        (lambda: shift_consistency(flat, IMAGES, 1, generator(), draws=0), "draws: "),
        (lambda: shift_consistency(nn.Identity(), IMAGES, 1, generator()), r"model: .*\(N, C\)"),
        (lambda: accuracy_by_shift(flat, IMAGES, LABELS[:3], [(0, 0)]), r"labels: .*\(4,\)"),
        (lambda: accuracy_by_shift(flat, IMAGES, LABELS.double(), [(0, 0)]), "labels: .*int64"),
        (lambda: accuracy_by_shift(flat, IMAGES, LABELS, []), "shifts: "),
    ],
)
def test_what_cannot_be_right_is_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()
