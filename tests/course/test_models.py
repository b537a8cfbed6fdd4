"""The networks: shapes, seeds, groups, pooling, and the weights that come with the library."""

import pytest
import torch
from safetensors import safe_open
from torch import nn

from course import models
from course.data import letters
from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError, DamagedFileError
from course.finetuning import layer_groups, precompute_activations
from course.linear import LinearClassifier
from course.models import (
    BodyAndHead,
    invariance_net,
    linear_softmax,
    pretrained_letters,
    replace_head,
    small_convnet,
)
from course.models.pretrained import WEIGHTS

BUILT = {
    "linear_softmax": lambda seed: linear_softmax(12, 3, seed=seed),
    "small_convnet": lambda seed: small_convnet(5, seed=seed),
    "invariance_net": lambda seed: invariance_net("max+gap", seed=seed),
}


def random_images(*shape, seed=0):
    return torch.rand(*shape, generator=torch.Generator().manual_seed(seed))


def weights(model):
    return torch.cat([parameter.flatten() for parameter in model.parameters()])


def accuracy(model, data):
    images, labels = data.to_tensors()
    with torch.no_grad():
        return (model(images).argmax(dim=1) == labels).float().mean().item()


@pytest.mark.parametrize("name", BUILT)
def test_a_seed_draws_the_weights_and_leaves_the_callers_generator_alone(name):
    before = torch.get_rng_state()
    first, again, other = BUILT[name](1), BUILT[name](1), BUILT[name](2)
    assert torch.equal(weights(first), weights(again))
    assert not torch.equal(weights(first), weights(other))
    assert torch.equal(torch.get_rng_state(), before)


def test_weights_do_not_follow_from_the_callers_generator():
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(123)
        first = weights(small_convnet(5))
    assert torch.equal(first, weights(small_convnet(5)))


def test_linear_softmax_is_a_matrix_and_a_bias_on_flat_images():
    model, images = linear_softmax(12, 3), random_images(4, 3, 2, 2)
    expected = images.reshape(4, 12) @ model[1].weight.T + model[1].bias
    torch.testing.assert_close(model(images), expected)


def test_the_parameters_of_small_convnet_counted_by_hand():
    convolutions = 9 * (3 * 32 + 32 * 64 + 64 * 96 + 96 * 96)
    normalisation, head = 2 * (32 + 64 + 96 + 96), 96 * 26 + 26
    assert weights(small_convnet(26)).numel() == convolutions + normalisation + head


@pytest.mark.parametrize("side", [4, 17, 32, 48])
def test_small_convnet_takes_images_of_any_size(side):
    assert small_convnet(7, channels=1)(random_images(2, 1, side, side)).shape == (2, 7)


def test_the_head_of_the_body_is_the_model():
    model, images = small_convnet(5).eval(), random_images(3, 3, 32, 32)
    torch.testing.assert_close(model.head(model.body(images)), model(images))
    assert model.body(images).shape == (3, 96)


@pytest.mark.parametrize("model", [small_convnet(5), invariance_net("max+gap")])
def test_each_parameter_is_in_exactly_one_group_and_the_head_comes_last(model):
    groups = model.groups
    ids = [id(parameter) for group in groups for parameter in group.parameters()]
    assert sorted(ids) == sorted(map(id, model.parameters()))
    assert groups[-1] is model.head
    assert layer_groups(model) == groups
    assert [id(p) for p in model.parameters()] == ids  # from the image upwards


def test_a_new_head_leaves_the_body_as_it_is():
    model = small_convnet(5).double()
    body = weights(model.body).clone()
    assert replace_head(model, 9, seed=4) is model
    assert torch.equal(weights(model.body), body)
    assert (model.head.weight.shape, model.head.weight.dtype) == ((9, 96), torch.float64)
    again = replace_head(small_convnet(5).double(), 9, seed=4)
    assert torch.equal(model.head.weight, again.head.weight)


def test_one_batch_can_be_learnt_by_heart():
    images, labels = letters("train", count=26).to_tensors()
    model = small_convnet(26)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(25):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(images), labels).backward()
        optimizer.step()
    assert (model(images).argmax(dim=1) == labels).float().mean() > 0.9


def moved(pooling, shift):
    """How far the scores move, relative to how far those of two images lie apart."""
    model = invariance_net(pooling, seed=3).eval().double()
    images = random_images(4, 1, 16, 16).double()
    with torch.no_grad():
        scores = model(images)
        change = model(torch.roll(images, shift, dims=(2, 3))) - scores
    return (change.norm() / (scores - scores.flip(0)).norm()).item()


def test_pooling_decides_which_shifts_change_nothing():
    assert moved("max+gap", (4, -8)) < 1e-9
    assert moved("max+gap", (1, 0)) > 0.01
    assert moved("none+gap", (1, 3)) < 1e-9
    assert moved("max+fc", (4, 4)) > 0.1


def test_blurring_comes_closer_to_invariance_than_max_pooling_alone():
    assert moved("maxblur+gap", (4, -8)) < 1e-9
    assert 0 < moved("maxblur+gap", (1, 1)) < 0.5 * moved("max+gap", (1, 1))


@pytest.mark.parametrize("pooling", ["max+gap", "maxblur+gap", "none+gap", "max+fc"])
def test_the_body_ends_in_feature_maps(pooling):
    model, side = invariance_net(pooling, 7, canvas=24, width=2), 24 if "none" in pooling else 6
    images = random_images(3, 1, 24, 24)
    assert model.body(images).shape == (3, 8, side, side)
    assert model(images).shape == (3, 7)


def test_the_pretrained_network_reads_letters_in_faces_it_never_saw():
    model = pretrained_letters()
    assert not model.training
    assert accuracy(model, letters("test", count=520, seed=77)) > 0.98


def test_its_features_transfer_to_nigerian_letters_with_five_labels_each():
    few = letters("train", "target", count=600).few_per_class(5)
    test = letters("test", "target", count=360)

    def score(body):
        train, held = (
            precompute_activations(body, data.to_tensors()[0]).numpy() for data in (few, test)
        )
        mean, deviation = train.mean(axis=0), train.std(axis=0) + 1e-6
        model = LinearClassifier(reg=1e-3, epochs=100, learning_rate=0.05)
        model.fit((train - mean) / deviation, few.labels)
        return model.score((held - mean) / deviation, test.labels)

    trained = score(pretrained_letters().body)
    assert trained > 0.85  # chance is 1/12
    assert trained > score(small_convnet(26).body) + 0.5
    assert trained > score(nn.Flatten()) + 0.5


def test_the_weights_are_small_plain_numbers():
    assert len(WEIGHTS.read_bytes()) < 1_000_000
    with safe_open(WEIGHTS, "numpy") as tensors:
        shapes = {name: tensors.get_tensor(name).shape for name in tensors.keys()}  # noqa: SIM118
    expected = small_convnet(26).state_dict()
    assert shapes == {name: tuple(tensor.shape) for name, tensor in expected.items()}


def test_each_call_gives_a_network_of_its_own():
    mine = pretrained_letters()
    with torch.no_grad():
        mine.head.weight.zero_()
    assert pretrained_letters().head.weight.abs().sum() > 0


@pytest.mark.parametrize("damage", ["cut", "flip", "empty"])
def test_damaged_weights_are_refused(tmp_path, damage):
    content, path = bytearray(WEIGHTS.read_bytes()), tmp_path / "letters.safetensors"
    if damage == "flip":
        content[-1] ^= 1
    path.write_bytes({"cut": content[:-1], "flip": content, "empty": b""}[damage])
    with pytest.raises(DamagedFileError, match=r"letters.safetensors: expected .* Install the lib"):
        pretrained_letters(weights=path)


def test_missing_weights_are_named(tmp_path):
    with pytest.raises(DamagedFileError, match="gone: expected the trained weights"):
        pretrained_letters(weights=tmp_path / "gone")


def test_the_page_beside_the_weights_is_about_these_weights():
    page = (WEIGHTS.parent / "letters.md").read_text(encoding="utf-8")
    assert models.pretrained.SHA256 in page
    assert f"{len(WEIGHTS.read_bytes()):,} bytes" in page


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: small_convnet(0), ArgumentValueError, "classes: "),
        (lambda: small_convnet(3, channels=1.5), ArgumentTypeError, "channels: "),
        (lambda: linear_softmax(0, 3), ArgumentValueError, "features: "),
        (lambda: invariance_net("avg"), ArgumentValueError, r"pooling: expected 'max\+gap' or"),
        (lambda: invariance_net("max+fc", canvas=18), ArgumentValueError, "canvas: .*multiple"),
        (lambda: BodyAndHead([], nn.Identity()), ArgumentValueError, "body: "),
        (lambda: replace_head(invariance_net("max+gap"), 3), ArgumentTypeError, "model: "),
        (lambda: replace_head(small_convnet(3), 0), ArgumentError, "classes: "),
    ],
)
def test_what_cannot_be_built_is_named(build, error, message):
    with pytest.raises(error, match=message):
        build()
