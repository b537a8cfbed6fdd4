"""Test-time augmentation: the mean of probabilities, with either weighting, and no trace."""

import numpy as np
import pytest
import torch
from scipy.special import softmax
from torch import nn

from course.augmentation import random_flip
from course.errors import ArgumentError
from course.tta import predict_with_tta


class Seeing(nn.Module):
    """Scores that are the first pixels of what came, and a memory of it."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.BatchNorm2d(1, affine=False), nn.Dropout(0.9))
        self.seen = []

    def forward(self, images):
        assert not self.training
        assert not torch.is_grad_enabled()
        self.layers(images)
        self.seen.append(images.flatten(1)[:, :3].double().numpy())
        return images.flatten(1)[:, :3]


def images(count=5):
    return 5 * torch.randn(count, 1, 4, 4, generator=seeded(9))


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def scaled(images, generator):
    return images * torch.rand(len(images), 1, 1, 1, generator=generator)


@pytest.mark.parametrize("copies", [1, 3])
def test_both_weightings_are_numpys_means_of_probabilities(copies):
    for weighting in ("mean", "fastai2"):
        model = Seeing()
        ours = predict_with_tta(
            model, images(), scaled, copies, weighting=weighting, generator=seeded()
        )
        first, *others = (softmax(scores, axis=1) for scores in model.seen)
        assert len(others) == copies
        mean = np.mean([first, *others], axis=0)
        quarter = 0.75 * np.mean(others, axis=0) + 0.25 * first
        np.testing.assert_allclose(ours, mean if weighting == "mean" else quarter, atol=1e-6)


def test_by_hand_with_a_view_that_is_sure():
    logits = torch.tensor([0.0, 0.0, -1e9]).reshape(1, 1, 1, 3)
    sure = lambda images, generator: images + torch.tensor([100.0, 0, 0])  # noqa: E731
    mean = predict_with_tta(nn.Flatten(), logits, sure, 1, generator=seeded())
    np.testing.assert_allclose(mean, [[0.75, 0.25, 0]])
    later = predict_with_tta(nn.Flatten(), logits, sure, 1, weighting="fastai2", generator=seeded())
    np.testing.assert_allclose(later, [[0.875, 0.125, 0]])


@pytest.mark.parametrize("weighting", ["mean", "fastai2"])
def test_without_copies_it_is_the_plain_prediction(weighting):
    ours = predict_with_tta(Seeing(), images(), scaled, 0, weighting=weighting, generator=seeded())
    torch.testing.assert_close(ours, images().flatten(1)[:, :3].softmax(dim=1))


@pytest.mark.parametrize("dtype", [torch.float16, torch.float32, torch.float64])
def test_rows_sum_to_1_and_equal_seeds_agree(dtype):
    batch = images().to(dtype)
    model = nn.Flatten()
    ours = [predict_with_tta(model, batch, random_flip(), 7, generator=seeded()) for _ in "ab"]
    torch.testing.assert_close(ours[0].sum(dim=1), torch.ones_like(ours[0][:, 0]))
    assert torch.equal(*ours)


def test_every_layer_keeps_its_mode_and_its_statistics_also_after_an_error():
    model = Seeing()
    model.layers[0].eval()
    predict_with_tta(model, images(), scaled, 2, generator=seeded())

    def failing(images, generator):
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        predict_with_tta(model, images(), failing, 2, generator=seeded())
    assert [each.training for each in model.modules()] == [True, True, False, True]
    assert model.layers[0].num_batches_tracked == 0
    assert torch.is_grad_enabled()


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"copies": -1}, "copies: expected a whole number >= 0, got -1"),
        ({"copies": 1.5}, "copies: "),
        ({"weighting": "fastai"}, "weighting: expected 'mean' or 'fastai2'"),
        ({"generator": 0}, "generator: expected a torch.Generator"),
        ({"model": "resnet"}, "model: expected a torch.nn.Module"),
        ({"images": torch.zeros(4, 4)}, "images: expected shape"),
        ({"images": torch.zeros(1, 1, 4, 4, device="meta")}, "generator: .*on meta"),
    ],
)
def test_wrong_arguments_are_named(changes, message):
    arguments = {
        "model": nn.Flatten(),
        "images": images(),
        "augment": scaled,
        "copies": 1,
        "generator": seeded(),
    }
    with pytest.raises(ArgumentError, match=message):
        predict_with_tta(**(arguments | changes))
