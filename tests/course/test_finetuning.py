"""Fine-tuning: groups and rates, what is frozen, the cache, and the vote of snapshots."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from course.errors import ArgumentError
from course.finetuning import (
    Snapshots,
    body_and_head,
    discriminative_learning_rates,
    evaluating,
    freeze_to,
    layer_groups,
    parameter_groups,
    precompute_activations,
    snapshot_ensemble,
    train_mode,
    unfreeze,
)
from course.models import BodyAndHead


def network():
    stage = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU())
    pooled = nn.Sequential(nn.AdaptiveAvgPool2d(2), nn.Dropout(0.5), nn.Flatten())
    return BodyAndHead([stage, pooled, nn.Linear(16, 8)], nn.Linear(8, 3))


def identities(groups):
    return [{id(parameter) for parameter in group.parameters()} for group in groups]


IMAGES = torch.rand(11, 1, 6, 6, generator=torch.Generator().manual_seed(0))

# ------------------------------------------------------------------------------------- groups


@pytest.mark.parametrize("cuts", [None, ["head"], ["body.0.1", "body.2", "head"], ["body.1"]])
def test_each_parameter_is_in_exactly_one_group_and_the_head_last(cuts):
    model = network()
    groups = layer_groups(model, cuts)
    found = identities(groups)
    assert len(found) == (3 if cuts is None else len(cuts) + 1)
    assert set.union(*found) == {id(parameter) for parameter in model.parameters()}
    assert sum(map(len, found)) == len(set.union(*found))
    assert id(model.head.weight) in found[-1]


def test_a_network_without_groups_of_its_own_is_divided_by_its_children():
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    assert layer_groups(model) == [model[0], model[2]]


@pytest.mark.parametrize("cuts", [["nowhere"], ["head", "body.2"], ["body.0"], ["head", "head"]])
def test_a_cut_that_names_no_later_layer_is_an_error_that_lists_them(cuts):
    with pytest.raises(ArgumentError, match=r"cuts: .*body\.0\.0, body\.0\.1"):
        layer_groups(network(), cuts)


def test_a_parameter_without_a_layer_or_in_two_groups_is_an_error():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    model.temperature = nn.Parameter(torch.ones(1))
    with pytest.raises(ArgumentError, match="temperature in 0 of 2 groups"):
        layer_groups(model)
    tied = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2))
    tied[1].weight = tied[0].weight
    with pytest.raises(ArgumentError, match=r"0\.weight in 2 of 2 groups"):
        layer_groups(tied)


@pytest.mark.parametrize("model", [nn.ReLU(), nn.Sequential(nn.ReLU())])
def test_a_network_without_parameters_has_no_groups(model):
    with pytest.raises(ArgumentError, match="a parameter in each group"):
        layer_groups(model)


# -------------------------------------------------------------------------------------- rates


def test_rates_by_hand():
    assert discriminative_learning_rates(3, 0.9, 3) == pytest.approx((0.1, 0.3, 0.9))
    assert discriminative_learning_rates(2, 0.1, 10) == pytest.approx((0.01, 0.1))
    assert discriminative_learning_rates(layer_groups(network()), 1) == pytest.approx(
        (1 / 9, 1 / 3, 1)
    )


@given(st.integers(1, 6), st.floats(1e-3, 10), st.floats(1, 10))
def test_each_rate_is_so_many_times_the_one_before_and_the_heads_is_the_largest(n, head, ratio):
    rates = np.array(discriminative_learning_rates(n, head, ratio))
    assert rates[-1] == head
    np.testing.assert_allclose(rates[1:] / rates[:-1], ratio)


def test_an_optimizer_gets_the_parameters_that_learn_by_identity():
    model = network()
    groups = layer_groups(model)
    freeze_to(groups, 1)
    optimizer = torch.optim.SGD(parameter_groups(groups, [0.1, 0.2, 0.3]), momentum=0.9)
    held = [{id(p) for p in group["params"]} for group in optimizer.param_groups]
    assert held == identities(groups)[1:]
    assert [group["lr"] for group in optimizer.param_groups] == [0.2, 0.3]
    assert [group["lr"] for group in parameter_groups(groups, 0.5)] == [0.5, 0.5]


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: discriminative_learning_rates(0, 0.1), "groups: "),
        (lambda: discriminative_learning_rates([], 0.1), "groups: .*layer_groups"),
        (lambda: discriminative_learning_rates(3, 0), "head: "),
        (lambda: discriminative_learning_rates(3, -0.1), "head: "),
        (lambda: discriminative_learning_rates(3, 0.1, 0.5), "ratio: .*faster than the head"),
        (lambda: parameter_groups([nn.Linear(1, 1)], [0.1, 0.2]), "lr: expected one rate, or 1"),
        (lambda: parameter_groups([nn.Linear(1, 1)], -0.1), "lr: .*>= 0, got -0.1"),
        (lambda: parameter_groups([nn.Linear(1, 1).requires_grad_(False)], 0.1), "only frozen"),
        (lambda: parameter_groups([3], 0.1), "groups: expected a torch.nn.Module"),
        (lambda: freeze_to([nn.Linear(1, 1)], 2), r"n: expected a number in -1\.\.1, got 2"),
        (lambda: freeze_to([nn.Linear(1, 1)], -2), "n: "),
        (lambda: freeze_to([nn.Linear(1, 1)], 0.5), "n: "),
        (lambda: Snapshots(0), "keep: "),
        (lambda: Snapshots().take(3), "model: "),
        (lambda: snapshot_ensemble([], IMAGES), "snapshots: expected at least one"),
        (lambda: body_and_head(nn.Linear(1, 1)), "model: expected a model with a body and a head"),
        (lambda: precompute_activations(nn.ReLU(), IMAGES[:0]), "images: expected at least one"),
        (lambda: precompute_activations(nn.ReLU(), []), "images: expected at least one"),
        (lambda: precompute_activations(nn.ReLU(), [{"x": IMAGES}]), "images: .*a dict"),
        (lambda: precompute_activations(nn.ReLU(), IMAGES, batch_size=0), "batch_size: "),
    ],
)
def test_wrong_arguments_are_named(call, message):
    with pytest.raises(ArgumentError, match=message):
        call()


# ------------------------------------------------------------------------------------ freezing


@pytest.mark.parametrize(("n", "learning"), [(0, 3), (1, 2), (2, 1), (3, 0), (-1, 1), (-3, 3)])
def test_freeze_to_lets_that_group_and_all_after_it_learn(n, learning):
    groups = layer_groups(network())
    freeze_to(groups, n)
    learns = [all(p.requires_grad for p in group.parameters()) for group in groups]
    assert learns == [False] * (3 - learning) + [True] * learning
    unfreeze(groups)
    assert all(p.requires_grad for group in groups for p in group.parameters())


def test_only_the_head_moves_while_the_body_is_frozen_even_with_old_gradients_and_decay():
    model = network()
    model(IMAGES).sum().backward()
    groups = layer_groups(model)
    freeze_to(groups, -1)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    optimizer = torch.optim.SGD(parameter_groups(groups, 0.1), momentum=0.9, weight_decay=0.1)
    train_mode(model)
    for _ in range(2):
        optimizer.zero_grad()
        model(IMAGES).square().mean().backward()
        optimizer.step()
    moved = {name for name, value in model.state_dict().items() if not value.equal(before[name])}
    assert moved == {"head.weight", "head.bias"}
    assert model.body[0][0].weight.grad is None


def test_train_mode_wakes_everything_but_frozen_batch_normalisation():
    model = nn.Sequential(network(), nn.BatchNorm1d(3, affine=False))
    freeze_to(layer_groups(model[0]), 1)
    model.eval()
    train_mode(model)
    resting = [name for name, module in model.named_modules() if not module.training]
    assert resting == ["0.body.0.1"]
    model.requires_grad_(False)
    train_mode(model)
    resting = [name for name, module in model.named_modules() if not module.training]
    assert resting == ["0.body.0.1", "1"]


# --------------------------------------------------------------------------------- the cache


@pytest.mark.parametrize("batch_size", [1, 4, 256])
def test_the_head_on_the_cache_is_the_model_on_the_images(batch_size):
    model = network()
    model.body[0][1].running_mean.fill_(0.3)
    cache = precompute_activations(model.body, IMAGES, batch_size=batch_size)
    with evaluating(model):
        torch.testing.assert_close(model.head(cache), model(IMAGES), atol=1e-5, rtol=0)
    assert not cache.requires_grad


def test_a_loader_keeps_its_order_and_its_labels_are_ignored():
    model = network()
    loader = DataLoader(TensorDataset(IMAGES, torch.arange(11)), batch_size=3)
    from_loader = precompute_activations(model.body, loader)
    torch.testing.assert_close(from_loader, precompute_activations(model.body, IMAGES))
    torch.testing.assert_close(
        precompute_activations(model.body, [IMAGES[:5], IMAGES[5:]]), from_loader
    )


def test_modes_and_statistics_are_as_before():
    body = network().body
    body[0][1].eval()
    before = [module.training for module in body.modules()]
    precompute_activations(body, IMAGES)
    assert [module.training for module in body.modules()] == before
    assert body[0][1].num_batches_tracked == 0


def test_a_loader_that_shuffles_is_refused():
    data = TensorDataset(IMAGES)
    hidden = BatchSampler(RandomSampler(data), 4, drop_last=False)
    for loader in (DataLoader(data, shuffle=True), DataLoader(data, batch_sampler=hidden)):
        with pytest.raises(ArgumentError, match=r"images: .*keeps the order.*shuffle=False"):
            precompute_activations(nn.Flatten(), loader)


def test_body_and_head_share_their_parameters_with_the_model():
    model = network()
    assert body_and_head(model) == (model.body, model.head)
    layers = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
    body, head = body_and_head(layers)
    assert (body[0], head) == (layers[0], layers[2])


# --------------------------------------------------------------------------------- snapshots


def test_a_snapshot_is_a_copy_at_rest_and_training_goes_on_without_it():
    model, snapshots = network(), Snapshots()
    before = model.head.weight.detach().clone()
    model(IMAGES).sum().backward()
    snapshots.take(model)
    with torch.no_grad():
        model.head.weight.zero_()
    assert torch.equal(snapshots[0].head.weight, before)
    assert not any(p.requires_grad or p.grad is not None for p in snapshots[0].parameters())
    assert not snapshots[0].training
    assert model.training
    assert model.head.weight.requires_grad
    assert model.head.weight.grad is not None


def test_only_the_last_ones_are_kept():
    snapshots = Snapshots(keep=2)
    models = [nn.Linear(1, 1) for _ in range(3)]
    for model in models:
        snapshots.take(model)
    assert [s.weight.item() for s in snapshots] == [m.weight.item() for m in models[1:]]
    assert len(snapshots[-1:]) == 1


def test_the_ensemble_is_numpys_mean_of_probabilities_and_of_nothing_else():
    models = [network() for _ in range(3)]
    with torch.no_grad():
        models[0].head.weight.mul_(50)
    scores = []
    for model in models:
        with evaluating(model):
            scores.append(model(IMAGES).numpy())
    ours = snapshot_ensemble(models, IMAGES).numpy()
    np.testing.assert_allclose(ours, softmax(scores, axis=2).mean(axis=0), atol=1e-6)
    assert np.abs(ours - softmax(np.mean(scores, axis=0), axis=1)).max() > 0.01
    assert all(model.training for model in models)
