"""The linear classifier: torch's SGD as an oracle, scikit-learn's manners, labels, errors."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.utils.estimator_checks import estimator_checks_generator
from torch.nn import functional

from course.data import digits
from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError, DivergenceError
from course.linear import LinearClassifier, batches

LOSSES = ["softmax", "hinge"]
ORACLES = {
    "softmax": functional.cross_entropy,
    "hinge": lambda s, y: s.shape[1] * functional.multi_margin_loss(s, y),
}


def clusters(seed=0, per_class=12, classes=3, features=5):
    """Well separated clouds of points, shuffled."""
    generator = np.random.default_rng(seed)
    y = generator.permutation(np.repeat(np.arange(classes), per_class))
    centres = 4 * np.eye(classes, features)
    return centres[y] + 0.3 * generator.normal(size=(len(y), features)), y


# --------------------------------------------------------------------------------- batches


def test_an_epoch_holds_every_example_once_and_the_last_batch_is_smaller():
    epoch = list(batches(10, 4, np.random.default_rng(0)))
    assert [len(batch) for batch in epoch] == [4, 4, 2]
    assert sorted(np.concatenate(epoch)) == list(range(10))


def test_each_epoch_is_shuffled_anew():
    generator = np.random.default_rng(0)
    first, second = (np.concatenate(list(batches(50, 8, generator))) for _ in range(2))
    assert not np.array_equal(first, np.arange(50))
    assert not np.array_equal(first, second)


def test_a_batch_larger_than_the_data_is_all_of_it():
    assert [len(batch) for batch in batches(3, 100, np.random.default_rng(0))] == [3]


# --------------------------------------------------------------------------------- training


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(
    ("penalty", "reg", "share"),
    [("none", 0.0, 0), ("l2", 0.05, 0), ("l1", 0.05, 1), ("elastic_net", 0.05, 0.3)],
)
def test_torch_sgd_on_the_same_batches_learns_the_same_weights(loss, penalty, reg, share):
    X, y = np.random.default_rng(3).normal(size=(23, 4)), np.arange(23) % 3
    ours = LinearClassifier(loss, learning_rate=0.05, batch_size=5, epochs=6, reg=reg, seed=7)
    ours.set_params(penalty=penalty, l1_ratio=0.3).fit(X, y)

    layer = torch.nn.Linear(4, 3, dtype=torch.float64)
    torch.nn.init.zeros_(layer.weight)
    torch.nn.init.zeros_(layer.bias)
    decay = 2 * reg * (1 - share)
    groups = [{"params": [layer.weight], "weight_decay": decay}, {"params": [layer.bias]}]
    optimizer, generator = torch.optim.SGD(groups, lr=0.05), np.random.default_rng(7)
    history = []
    for _ in range(6):
        for batch in batches(23, 5, generator):
            loss_value = ORACLES[loss](layer(torch.tensor(X[batch])), torch.tensor(y[batch]))
            loss_value = loss_value + reg * share * layer.weight.abs().sum()
            squares = reg * (1 - share) * (layer.weight**2).sum()  # their slope is torch's decay
            history.append((loss_value + squares).item())
            optimizer.zero_grad()
            loss_value.backward()
            optimizer.step()

    weights, bias = layer.weight.detach().numpy().T, layer.bias.detach().numpy()
    np.testing.assert_allclose(ours.weights_, weights, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.bias_, bias, rtol=0, atol=1e-10)
    np.testing.assert_allclose(ours.loss_history_, history, rtol=1e-10)


def test_one_step_by_hand():
    X, y = np.array([[1.0, 2.0], [3.0, -1.0]]), np.array([0, 1])
    ours = LinearClassifier("softmax", learning_rate=0.5, batch_size=2, epochs=1).fit(X, y)
    # p = 1/2 everywhere, so ds = [[-1/4, 1/4], [1/4, -1/4]] and W = -lr X^T ds
    np.testing.assert_allclose(ours.weights_, -0.5 * np.array([[0.5, -0.5], [-0.75, 0.75]]))
    np.testing.assert_allclose(ours.bias_, [0, 0])
    np.testing.assert_allclose(ours.loss_history_, [np.log(2)])


@pytest.mark.parametrize("loss", LOSSES)
def test_separable_data_is_learnt_completely(loss):
    X, y = clusters()
    assert LinearClassifier(loss, epochs=40).fit(X, y).score(X, y) == 1


@pytest.mark.parametrize("loss", LOSSES)
def test_twenty_digits_are_learnt_by_heart(loss):
    data = digits("train")
    X, y = data.pixels[:20], data.labels[:20]
    ours = LinearClassifier(loss, learning_rate=0.5, epochs=200).fit(X, y)
    assert ours.score(X, y) == 1
    assert ours.loss_history_[-1] < 0.05


@pytest.mark.parametrize(("loss", "start"), [("softmax", np.log(10)), ("hinge", 9.0)])
def test_digits_start_at_the_known_loss_and_are_told_apart(loss, start):
    train, test = digits("train"), digits("test")
    ours = LinearClassifier(loss, reg=1e-3).fit(train.pixels, train.labels)
    assert ours.loss_history_[0] == pytest.approx(start)
    assert len(ours.loss_history_) == 20 * -(-1347 // 32)
    assert ours.score(test.pixels, test.labels) > 0.92


@pytest.mark.parametrize("loss", LOSSES)
def test_duplicating_every_example_changes_nothing_for_full_batches(loss):
    X, y = clusters()
    settings = {"batch_size": 10_000, "epochs": 5, "reg": 0.01}
    once = LinearClassifier(loss, **settings).fit(X, y)
    twice = LinearClassifier(loss, **settings).fit(np.repeat(X, 2, axis=0), np.repeat(y, 2))
    np.testing.assert_allclose(twice.weights_, once.weights_, atol=1e-12)


def test_the_penalty_shrinks_the_weights_and_leaves_the_bias_alone():
    X, y = np.zeros((20, 2)), np.arange(20) % 4 // 3  # nothing to learn but the bias
    free, bound = (LinearClassifier(reg=reg, epochs=30).fit(X, y) for reg in (0.0, 10.0))
    np.testing.assert_array_equal(free.bias_, bound.bias_)
    assert abs(free.bias_).max() > 0.1
    X, y = clusters()
    free, bound = (LinearClassifier(reg=reg).fit(X, y) for reg in (0.0, 0.1))
    assert np.linalg.norm(bound.weights_) < np.linalg.norm(free.weights_)


def test_l1_leaves_what_does_not_matter_near_0_where_l2_does_not():
    X, y = clusters(features=12)  # the last nine features are noise
    settings = {"epochs": 200, "learning_rate": 0.02}
    l1, l2 = (LinearClassifier(penalty=p, reg=0.05, **settings).fit(X, y) for p in ("l1", "l2"))
    noise, signal = (abs(l1.weights_[rows]).mean() for rows in (slice(3, None), slice(3)))
    assert noise < 0.02 * signal
    assert noise < 0.5 * abs(l2.weights_[3:]).mean()


def test_an_elastic_net_of_one_kind_is_that_kind():
    X, y = clusters()
    for penalty, share in (("l1", 1), ("l2", 0)):
        pure = LinearClassifier(penalty=penalty, reg=0.05).fit(X, y)
        net = LinearClassifier(penalty="elastic_net", l1_ratio=share, reg=0.05).fit(X, y)
        np.testing.assert_array_equal(net.weights_, pure.weights_)


def test_an_integer_seed_repeats_and_a_generator_is_drawn_from():
    X, y = clusters()
    settings = {"epochs": 1, "batch_size": 4}
    model = LinearClassifier(seed=3, **settings)
    first = model.fit(X, y).weights_
    np.testing.assert_array_equal(first, model.fit(X, y).weights_)
    generator = np.random.default_rng(3)
    drawn = LinearClassifier(seed=generator, **settings)
    np.testing.assert_array_equal(first, drawn.fit(X, y).weights_)
    assert not np.array_equal(first, drawn.fit(X, y).weights_)


def test_the_global_seed_and_the_inputs_are_left_alone():
    X, y = clusters()
    before, state = X.copy(), np.random.get_state()[1].copy()  # noqa: NPY002
    LinearClassifier().fit(X, y).predict(X)
    np.testing.assert_array_equal(X, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_float32_stays_float32():
    X, y = clusters()
    ours = LinearClassifier(reg=0.01).fit(X.astype(np.float32), y)
    assert {ours.weights_.dtype, ours.bias_.dtype, ours.loss_history_.dtype} == {
        np.dtype(np.float32)
    }


# ------------------------------------------------------------------------------ predictions


@pytest.mark.parametrize("names", [["cat", "frog", "zebra"], [-7, 3, 1000], [False, True]])
def test_predictions_are_the_original_labels(names):
    X, y = clusters(classes=len(names))
    labels = np.array(names)[y]
    ours = LinearClassifier(epochs=40).fit(X, labels)
    np.testing.assert_array_equal(ours.classes_, names)
    np.testing.assert_array_equal(ours.predict(X), labels)


@pytest.mark.parametrize("classes", [2, 3])
def test_there_is_one_score_per_class_and_the_largest_wins(classes):
    X, y = clusters(classes=classes)
    ours = LinearClassifier().fit(X, y)
    scores = ours.decision_function(X)
    np.testing.assert_allclose(scores, X @ ours.weights_ + ours.bias_)
    assert scores.shape == (len(X), classes)
    np.testing.assert_array_equal(ours.predict(X), scores.argmax(axis=1))


def test_templates_are_the_columns_of_the_weights_as_images():
    data = digits("train")
    ours = LinearClassifier(epochs=1).fit(data.pixels, data.labels)
    templates = ours.templates((8, 8))
    assert templates.shape == (10, 8, 8)
    np.testing.assert_array_equal(templates[3].ravel(), ours.weights_[:, 3])
    templates[:] = 0
    assert ours.weights_.any()
    assert ours.templates((4, 16)).shape == (10, 4, 16)


# ---------------------------------------------------------------------------------- manners

# two classes have two scores on purpose: the scores of the course are (N, C)
ONE_SCORE_PER_CLASS = {"check_classifiers_classes", "check_classifiers_train"}


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize("loss", LOSSES)
def test_it_has_the_manners_of_a_scikit_learn_estimator(loss):
    broken = []
    for estimator, check in estimator_checks_generator(LinearClassifier(loss)):
        name = check.func.__name__
        try:
            check(estimator)
        except AssertionError:
            broken.append(name)
        except BaseException as error:
            if type(error).__name__ not in ("SkipTest", "Skipped"):
                raise
    assert set(broken) == ONE_SCORE_PER_CLASS


def test_parameters_can_be_read_set_cloned_and_pickled():
    X, y = clusters()
    ours = LinearClassifier("hinge", reg=0.1).fit(X, y)
    assert ours.get_params() == {
        "loss": "hinge",
        "learning_rate": 0.1,
        "batch_size": 32,
        "epochs": 20,
        "reg": 0.1,
        "penalty": "l2",
        "l1_ratio": 0.5,
        "seed": 0,
    }
    assert clone(ours).set_params(loss="softmax").loss == "softmax"
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(ours)).predict(X), ours.predict(X))


# ----------------------------------------------------------------------------------- errors


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("parameters", "kind", "message"),
    [
        ({"loss": "mse"}, ArgumentValueError, "loss: expected 'softmax' or 'hinge', got 'mse'"),
        ({"learning_rate": 0.0}, ArgumentValueError, "learning_rate: .*> 0"),
        ({"learning_rate": np.nan}, ArgumentValueError, "learning_rate: "),
        ({"learning_rate": "fast"}, ArgumentTypeError, "learning_rate: "),
        ({"reg": -0.1}, ArgumentValueError, "reg: .*>= 0"),
        ({"penalty": "l3"}, ArgumentValueError, "penalty: expected one of 'l2', 'l1'.*'l3'"),
        ({"penalty": None}, ArgumentValueError, "penalty: .*got None"),
        ({"l1_ratio": 1.5}, ArgumentValueError, r"l1_ratio: .*0\.\.1"),
        ({"penalty": "none", "reg": 0.1}, ArgumentValueError, "reg: expected 0 with penalty"),
        ({"batch_size": 0}, ArgumentValueError, "batch_size: .*>= 1"),
        ({"batch_size": 3.5}, ArgumentTypeError, "batch_size: .*whole number"),
        ({"epochs": 0}, ArgumentValueError, "epochs: .*>= 1"),
        ({"epochs": True}, ArgumentTypeError, "epochs: .*whole number"),
    ],
)
def test_wrong_parameters_are_named_by_fit(parameters, kind, message):
    with pytest.raises(kind, match=message):
        LinearClassifier(**parameters).fit(*clusters())


def test_images_must_be_flattened_first():
    data = digits("train")
    with pytest.raises(ArgumentValueError, match=r"X: .*X\.reshape\(len\(X\), -1\)"):
        LinearClassifier().fit(data.images, data.labels)


def test_one_class_is_too_few():
    with pytest.raises(ArgumentValueError, match="y: expected at least two classes"):
        LinearClassifier().fit(np.eye(3), np.array([4, 4, 4]))


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize(("scale", "learning_rate"), [(1e200, 1e200), (1e150, 1e3), (1e160, 1.0)])
def test_divergence_is_reported_and_not_learnt(loss, scale, learning_rate):
    X, y = clusters()
    with pytest.raises(DivergenceError, match=r"training diverged.*Lower the learning rate"):
        LinearClassifier(loss, learning_rate=learning_rate, reg=1.0).fit(scale * X, y)


def test_an_overflow_in_the_very_last_step_is_reported_too():
    with pytest.raises(DivergenceError):
        LinearClassifier(learning_rate=1e308, epochs=1).fit(1e3 * np.eye(3), np.arange(3))


@pytest.mark.parametrize("method", ["predict", "decision_function"])
def test_nothing_is_predicted_before_fit(method):
    with pytest.raises(NotFittedError):
        getattr(LinearClassifier(), method)(np.eye(2))
    with pytest.raises(NotFittedError):
        LinearClassifier().templates((1, 2))


def test_templates_must_hold_the_features():
    ours = LinearClassifier(epochs=1).fit(np.eye(6), np.arange(6))
    with pytest.raises(ArgumentError, match=r"image_shape: expected height \* width = 6"):
        ours.templates((2, 2))


@pytest.mark.parametrize(
    ("X", "y"), [(np.eye(3) * np.nan, [0, 1, 2]), (np.eye(3), [0, 1]), (np.eye(3), [0.5, 1.5, 2.5])]
)
def test_unfit_data_is_a_value_error(X, y):
    with pytest.raises(ValueError, match=r"NaN|inconsistent|Unknown label type"):
        LinearClassifier().fit(X, y)
