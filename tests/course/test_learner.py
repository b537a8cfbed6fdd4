"""The learner: its first step by hand, its rates, its verbs, and its errors."""

import math
import random
from contextlib import nullcontext

import numpy as np
import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingWarmRestarts
from torch.utils.data import DataLoader, TensorDataset

from course.augmentation import compose, random_affine, random_flip
from course.data import LabelledImages
from course.errors import ArgumentError, DivergenceError
from course.finetuning import Snapshots, discriminative_learning_rates
from course.learner import Learner
from course.learner.randomness import TTA, WITHIN, derived_seed, seeded
from course.models import BodyAndHead
from course.tta import predict_with_tta


def stripes(count=22, seed=0):
    """Images with a bright upper or lower half."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.arange(count) % 2
    images = 0.3 * torch.rand(count, 1, 8, 8, generator=generator)
    images[labels == 0, :, :4] += 0.6
    images[labels == 1, :, 4:] += 0.6
    return images, labels


def network(seed=0):
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        stage = nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU())
        rest = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Flatten(), nn.Dropout(0.2))
        return BodyAndHead([stage, rest, nn.Linear(16, 8)], nn.Linear(8, 2))


def learner(model=None, **options):
    options = {"batch_size": 6, "progress": False} | options
    return Learner(network() if model is None else model, stripes(), stripes(10, 1), **options)


def weights(model):
    return {name: tensor.clone() for name, tensor in model.state_dict().items()}


def moved(before, model):
    return {name for name, tensor in model.state_dict().items() if not tensor.equal(before[name])}


# ----------------------------------------------------------------------- the training itself


def test_the_first_step_is_sgd_by_hand():
    x = torch.tensor([[1.0], [2.0]])
    y = torch.tensor([[2.0], [4.0]])
    model = nn.Linear(1, 1)
    with torch.no_grad():
        model.weight.fill_(1.0)
        model.bias.fill_(0.0)
    ours = Learner(
        model, (x, y), (x, y), nn.functional.mse_loss, torch.optim.SGD,
        metrics={}, batch_size=2, progress=False,
    )  # fmt: skip
    # residuals -1 and -2: loss (1 + 4) / 2, slopes (2 * -1 * 1 + 2 * -2 * 2) / 2 and -6 / 2
    ours.fit(0.1)
    assert ours.recorder.losses.tolist() == [2.5]
    assert model.weight.item() == pytest.approx(1.5)
    assert model.bias.item() == pytest.approx(0.3)
    assert ours.recorder.epochs[0].valid_loss == pytest.approx((0.2**2 + 0.7**2) / 2)


def test_a_fit_is_torchs_own_loop_over_the_same_batches():
    ours, twin = learner(optimizer=torch.optim.Adam), network()
    batches = ours._batches()
    optimizer = torch.optim.Adam(twin.parameters(), lr=0.01)
    schedule = CosineAnnealingWarmRestarts(optimizer, T_0=4, T_mult=2)
    place = ours.recorder.batch_losses
    ours.fit(0.01, 2, cycle_len=1, cycle_mult=2)
    rates = []
    for step in range(12):
        inputs, targets = batches[step]
        with seeded(torch.device("cpu"), 0, WITHIN, 0, step):
            loss = nn.functional.cross_entropy(twin(inputs), targets)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        assert place[step] == pytest.approx(loss.item(), rel=1e-4)
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step()
    np.testing.assert_allclose(ours.recorder.rates, np.array(rates)[:, None].repeat(3, axis=1))
    for name, tensor in twin.state_dict().items():
        torch.testing.assert_close(ours.model.state_dict()[name], tensor, rtol=1e-3, atol=1e-5)


def test_every_epoch_holds_each_example_once_in_an_order_of_its_own():
    batches = learner()._batches()
    assert batches.per_epoch == 4
    epochs = [torch.cat([batches[4 * e + k][0] for k in range(4)]) for e in range(3)]
    for images in epochs:
        assert sorted(images.sum(dim=(1, 2, 3)).tolist()) == sorted(
            stripes()[0].sum(dim=(1, 2, 3)).tolist()
        )
    assert not torch.equal(epochs[0], epochs[1])
    inputs, targets = batches[2]
    upper = inputs[:, 0, :4].mean(dim=(1, 2)) > inputs[:, 0, 4:].mean(dim=(1, 2))
    assert torch.equal(upper, targets == 0)


def test_the_views_of_each_step_and_of_each_fit_are_drawn_anew():
    drawn = []

    def watched(images, generator):
        drawn.append(torch.rand((), generator=generator).item())
        return images

    ours = learner(augment=watched)
    ours.fit(0.01, 2)
    ours.fit(0.01)
    assert len(set(drawn)) == len(drawn) == 12


def test_cycles_are_counted_not_epochs_and_snapshots_are_taken_at_their_ends():
    ours, snapshots = learner(), Snapshots()
    last = ours.fit(0.05, 3, cycle_len=1, cycle_mult=2, snapshots=snapshots)
    assert len(ours.recorder.epochs) == 7
    assert (last.epoch, last.steps) == (6, 28)
    assert len(snapshots) == 3
    assert torch.equal(snapshots[-1].head.weight, ours.model.head.weight)
    assert not torch.equal(snapshots[0].head.weight, snapshots[1].head.weight)
    restarts = np.flatnonzero(ours.recorder.rates[:, 0] == 0.05)
    assert restarts.tolist() == [0, 4, 12]


def test_without_cycle_len_the_rate_is_constant():
    ours = learner()
    ours.fit([0.01, 0.02, 0.03], 2)
    assert np.unique(ours.recorder.rates, axis=0).tolist() == [[0.01, 0.02, 0.03]]
    assert len(ours.recorder.epochs) == 2


def test_it_learns_and_its_records_are_right():
    ours = learner()
    last = ours.fit(0.1, 1, cycle_len=10)
    predicted = ours.predict()
    torch.testing.assert_close(predicted.sum(dim=1), torch.ones(10))
    right = (predicted.argmax(dim=1) == stripes(10, 1)[1]).float().mean().item()
    assert last.metrics["accuracy"] == pytest.approx(right)
    assert right >= 0.9
    loss = nn.functional.nll_loss(predicted.log(), stripes(10, 1)[1]).item()
    assert last.valid_loss == pytest.approx(loss, rel=1e-5)
    assert last.train_loss == pytest.approx(np.mean(ours.recorder.losses[-4:]))
    measured = ours.validate()
    assert (measured.valid_loss, measured.metrics) == (last.valid_loss, last.metrics)


def test_a_stop_ends_the_fit_after_its_epoch():
    ours, seen = learner(), []
    last = ours.fit(0.01, 9, stop=lambda epoch, model: seen.append(model) or epoch.epoch == 2)
    assert len(ours.recorder.epochs) == 3
    assert last.epoch == 2
    assert seen == [ours.model] * 3


@pytest.mark.parametrize("seed", [0, 1])
def test_equal_seeds_train_alike_whatever_the_global_state(seed):
    runs = []
    for other in range(2):
        torch.manual_seed(other)
        ours = learner(seed=seed, augment=random_affine())
        ours.fit(0.05, 2)
        runs.append(weights(ours.model))
    assert not moved(runs[0], ours.model)
    another = learner(seed=seed + 1, augment=random_affine())
    another.fit(0.05, 2)
    assert "head.weight" in moved(runs[0], another.model)


@pytest.mark.usefixtures("unchecked")  # the shape checker itself draws from Python's random
def test_nothing_global_is_touched():
    random.seed(5)
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state()  # noqa: NPY002
    ours = learner(augment=random_affine())
    ours.lr_find(steps=8)
    ours.fit(0.01)
    ours.predict()
    ours.tta()
    assert random.getstate() == before[0]
    assert np.random.get_state()[1].tolist() == before[1]  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), before[2])


def test_modes_are_as_before_the_fit():
    model = network().eval()
    model.body[1].train()
    before = [module.training for module in model.modules()]
    ours = learner(model)
    ours.fit(0.01)
    ours.lr_find(steps=8)
    ours.predict()
    assert [module.training for module in model.modules()] == before


# ------------------------------------------------------------------------ freezing and caching


def test_only_the_head_moves_while_frozen_not_even_the_statistics():
    ours = learner()
    ours.freeze()
    before = weights(ours.model)
    ours.fit([9.0, 9.0, 0.1], 1, cycle_len=1)
    assert moved(before, ours.model) == {"head.weight", "head.bias"}
    assert (ours.recorder.rates[:, :2] == 0).all()
    assert (ours.recorder.rates[0, 2]) == 0.1
    ours.unfreeze()
    ours.fit(0.1)
    assert moved(before, ours.model) == set(before)


def test_groups_learn_at_rates_of_their_own():
    ours = learner(optimizer=torch.optim.SGD)
    twin = learner(optimizer=torch.optim.SGD, model=network())
    rates = discriminative_learning_rates(ours.groups, 0.1, 10)
    start = network()
    ours._train = twin._train = type(ours._train)(ours._train.inputs[:6], ours._train.targets[:6])
    ours.fit(rates)
    twin.fit(0.1)
    for group, rate in [("body.0.0.weight", 0.01), ("body.2.weight", 0.1), ("head.weight", 1)]:
        here, there, origin = (
            model.get_parameter(group) for model in (ours.model, twin.model, start)
        )
        torch.testing.assert_close(here - origin, rate * (there - origin), rtol=1e-3, atol=1e-7)


def test_the_head_on_the_cache_learns_what_it_learns_behind_the_frozen_body():
    cached, slow = learner(precompute=True), learner()
    slow.freeze()
    for ours in (cached, slow):
        for dropout in (m for m in ours.model.modules() if isinstance(m, nn.Dropout)):
            dropout.p = 0.0
        ours.fit(0.1, 3, cycle_len=1)
    torch.testing.assert_close(cached.recorder.losses, slow.recorder.losses, rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(cached.predict(), slow.predict(), rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(cached.validate().valid_loss, slow.validate().valid_loss)


def test_augmentation_has_no_effect_on_the_cache_and_that_is_said_once():
    plain, augmented = learner(precompute=True), learner(precompute=True, augment=random_affine())
    with pytest.warns(UserWarning, match="no effect while precompute is on"):
        augmented.fit(0.1)
    augmented.fit(0.1)  # a second warning would be an error
    plain.fit(0.1)
    plain.fit(0.1)
    assert plain.recorder == augmented.recorder
    augmented.precompute = False
    augmented.fit(0.1)
    plain.precompute = False
    plain.fit(0.1)
    assert plain.recorder != augmented.recorder
    assert not plain.model.body[2].weight.requires_grad


def test_a_cache_is_made_anew_when_the_body_changed():
    ours = learner(precompute=True)
    first = ours._measures().examples.inputs
    assert ours._measures().examples.inputs is first
    with torch.no_grad():
        ours.model.body[2].weight.mul_(2)
    ours.fit(0.0)
    expected = nn.functional.cross_entropy(ours.predict().log(), stripes(10, 1)[1]).item()
    assert ours.recorder.epochs[-1].valid_loss == pytest.approx(expected, rel=1e-5)


def test_to_unfreeze_turns_precompute_off():
    ours = learner(precompute=True)
    assert ours.precompute
    ours.unfreeze()
    assert not ours.precompute
    before = weights(ours.model)
    ours.fit(0.1)
    assert moved(before, ours.model) == set(before)


def test_a_model_whose_parts_do_not_compose_is_refused():
    class Doubling(BodyAndHead):
        def forward(self, images):
            return self.head(2 * self.body(images))

    model = Doubling([nn.Flatten()], nn.Linear(64, 2))
    with pytest.raises(ArgumentError, match=r"model: expected model\(x\) = model.head\(model.body"):
        learner(model, precompute=True).fit(0.1)


# -------------------------------------------------------------------------------- other verbs


def test_lr_find_suggests_and_leaves_no_trace():
    ours, twin = learner(augment=random_flip()), learner(augment=random_flip())
    before = weights(ours.model)
    first = ours.lr_find(steps=30, end=100, factors=(1 / 9, 1 / 3, 1))
    again = ours.lr_find(steps=30, end=100, factors=(1 / 9, 1 / 3, 1))
    assert not moved(before, ours.model)
    assert first.losses.tolist() == again.losses.tolist()
    assert len(first) > 10
    ours.fit(0.01)
    twin.fit(0.01)
    assert ours.recorder == twin.recorder


def test_lr_find_works_on_the_cache():
    assert len(learner(precompute=True).lr_find(steps=12)) == 12


@pytest.mark.parametrize("weighting", ["mean", "fastai2"])
def test_tta_is_that_of_the_library_on_the_validation_set(weighting):
    augment = compose(random_flip(), random_affine())
    ours = learner(augment=augment, batch_size=100)
    result = ours.tta(copies=3, weighting=weighting)
    images, generator = stripes(10, 1)[0], torch.Generator().manual_seed(derived_seed(0, TTA))
    expected = predict_with_tta(
        ours.model, images, augment, 3, weighting=weighting, generator=generator
    )
    assert torch.equal(result, expected)
    assert torch.equal(result, ours.tta(copies=3, weighting=weighting))
    torch.testing.assert_close(ours.tta(copies=0, weighting=weighting), ours.predict())
    torch.testing.assert_close(ours.tta(images[:4], copies=0), ours.predict(images[:4]))


def test_examples_come_as_tensors_as_labelled_images_or_as_a_data_set():
    images, labels = stripes()
    forms = [
        (images, labels),
        [images, labels],
        TensorDataset(images, labels),
        LabelledImages(images[:, 0].numpy(), labels.numpy()),
    ]
    records = []
    for data in forms:
        ours = Learner(
            network(), tuple(data) if isinstance(data, list) else data, data, progress=False
        )
        ours.fit(0.1)
        records.append(ours.recorder)
    assert all(record == records[0] for record in records)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precompute", [False, True])
def test_it_trains_on_a_gpu_from_examples_on_the_cpu(precompute):
    before = torch.cuda.get_rng_state()
    ours = learner(device="cuda", augment=random_flip(), precompute=precompute)
    with pytest.warns(UserWarning, match="no effect") if precompute else nullcontext():
        ours.fit(0.05, 2, cycle_len=1)
    ours.lr_find(steps=8)
    assert ours.predict().is_cuda
    assert ours.tta().is_cuda
    assert torch.equal(torch.cuda.get_rng_state(), before)


# -------------------------------------------------------------------------------------- errors


def test_a_loss_that_is_no_number_stops_with_advice_before_the_weights_move():
    ours = learner(loss=lambda scores, targets: scores.sum() * torch.nan)
    before = weights(ours.model)
    with pytest.raises(DivergenceError, match=r"loss is nan at step 0 .*rate of 0\.1.*tenfold"):
        ours.fit(0.1)
    assert not moved(before, ours.model)


def test_too_high_a_rate_is_divergence():
    ours = learner(optimizer=torch.optim.SGD, loss=lambda s, t: (s**4).mean(), metrics={})
    with pytest.raises(DivergenceError, match=r"diverged: the loss is (nan|inf)"):
        ours.fit(1e6, 20)


NOTHING = (torch.zeros(0, 1, 8, 8), torch.zeros(0, dtype=torch.int64))
MADE = {
    "no model": (lambda: Learner("resnet", stripes(), stripes()), "model: "),
    "no example": (lambda: Learner(network(), NOTHING, stripes()), "train: .*at least one"),
    "nothing to measure on": (lambda: Learner(network(), stripes(), NOTHING), "valid: "),
    "an empty data set": (
        lambda: Learner(network(), TensorDataset(*NOTHING), stripes()), "train: .*at least one"
    ),
    "labels missing": (lambda: Learner(network(), stripes()[0], stripes()), "train: .*pair"),
    "a loader": (
        lambda: Learner(network(), DataLoader(TensorDataset(*stripes())), stripes()),
        r"train: .*DataLoader.*loader\.dataset",
    ),
    "too few targets": (
        lambda: Learner(network(), (stripes()[0], stripes()[1][:3]), stripes()),
        "train: .*22 inputs and 3 targets",
    ),
    "no loss": (lambda: learner(loss="hinge"), "loss: expected a function"),
    "no optimizer": (lambda: learner(optimizer="adam"), "optimizer: expected a function"),
    "no batch": (lambda: learner(batch_size=0), "batch_size: "),
    "a negative seed": (lambda: learner(seed=-1), "seed: "),
    "no body": (lambda: learner(nn.Linear(8, 2), precompute=True), "model: .*body and a head"),
    "too few rates": (lambda: learner().fit([0.1, 0.2]), "lr: expected one rate, or 3"),
    "a negative rate": (lambda: learner().fit(-0.1), "lr: .*>= 0, got -0.1"),
    "a rate that is NaN": (lambda: learner().fit(math.nan), "lr: "),
    "no cycle": (lambda: learner().fit(0.1, 0), "n_cycles: "),
    "cycle_len of 0": (lambda: learner().fit(0.1, 1, cycle_len=0), "cycle_len: "),
    "shrinking cycles": (
        lambda: learner().fit(0.1, 1, cycle_len=1, cycle_mult=0), "cycle_mult: .*>= 1, got 0"
    ),
    "growing without a length": (
        lambda: learner().fit(0.1, 1, cycle_mult=2), "cycle_mult: .*cycle_len=1"
    ),
    "too few factors": (lambda: learner().lr_find(factors=[1]), "lr: expected one rate, or 3"),
    "TTA without views": (lambda: learner().tta(), "augment: "),
    "negative copies": (lambda: learner(augment=random_flip()).tta(copies=-1), "copies: "),
    "no group": (lambda: learner().freeze_to(9), "n: "),
    "all frozen": (lambda: frozen().fit(0.1), "groups: .*only frozen"),
    "a loss per example": (
        lambda: learner(loss=nn.CrossEntropyLoss(reduction="none")).fit(0.1), "loss: .*scalar"
    ),
    "no checkpoint": (lambda: learner().resume("nowhere"), "path: .*no file at nowhere"),
}  # fmt: skip


def frozen():
    ours = learner()
    ours.freeze_to(3)
    return ours


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("case", MADE)
def test_what_cannot_be_right_is_named_with_a_way_out(case):
    call, message = MADE[case]
    with pytest.raises(ArgumentError, match=message) as caught:
        call()
    assert caught.value.hint
