"""Visual words and the pipeline: KMeans as an oracle, flat patches, nothing learnt from tests."""

from functools import partial

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.cluster import KMeans
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import Pipeline

from course.data import gratings
from course.errors import ArgumentError, ArgumentTypeError, ArgumentValueError
from course.features import (
    BagOfVisualWords,
    color_histogram,
    extract_patches,
    feature_pipeline,
    hog,
    raw_pixels,
)
from course.linear import LinearClassifier

FLAT = np.full((2, 8, 8), 0.5)


def images(seed=0, count=6, size=8):
    return np.random.default_rng(seed).random((count, size, size))


def stripes(horizontal, count=3):
    """Stripes two pixels wide, dark and bright: any 4 x 4 patch shows one of four phases."""
    wave = np.tile([0.2, 0.2, 0.8, 0.8], 3)
    image = np.broadcast_to(wave[:, None] if horizontal else wave, (12, 12))
    return np.stack([image] * count)


# ----------------------------------------------------------------------------- visual words


def test_words_by_hand_are_the_phases_of_stripes():
    both = np.concatenate([stripes(True), stripes(False)])
    bag = BagOfVisualWords(words=8, patch=4, stride=1, seed=1).fit(both)
    histograms = bag.transform(both)
    across, along = histograms[0] > 0, histograms[-1] > 0
    assert not (across & along).any()  # no word is shared
    np.testing.assert_array_equal(histograms[:3], histograms[[0, 0, 0]])
    np.testing.assert_allclose(histograms.sum(axis=1), 1)


def test_counts_are_those_of_kmeans_on_patches_of_mean_0_and_deviation_1():
    train, test = images(0), images(1)
    bag = BagOfVisualWords(words=5, patch=3, stride=2).fit(train)
    oracle = KMeans(5, init=bag.codebook_, n_init=1, max_iter=1).fit(bag.codebook_)
    for image, histogram in zip(test, bag.transform(test), strict=True):
        patches = extract_patches(image[None], 3, 2)[0]
        patches = (patches - patches.mean(1, keepdims=True)) / patches.std(1, keepdims=True)
        counts = np.bincount(oracle.predict(patches), minlength=5)
        np.testing.assert_allclose(histogram, counts / len(patches))


def test_contrast_and_brightness_of_an_image_do_not_matter():
    bag = BagOfVisualWords(words=5, patch=3).fit(images(0))
    np.testing.assert_array_equal(bag.transform(images(1)), bag.transform(0.3 + images(1) / 2))


def test_flat_patches_share_one_word_and_their_noise_is_not_blown_up():
    bag = BagOfVisualWords(words=4, patch=3).fit(np.concatenate([images(), FLAT]))
    noise = FLAT + 1e-3 * (images(count=2) - 0.5)
    histograms = bag.transform(np.concatenate([FLAT, noise]))
    np.testing.assert_array_equal(histograms, histograms[[0] * 4])
    assert sorted(histograms[0]) == [0, 0, 0, 1]


def test_with_fewer_different_patches_than_words_some_words_stay_empty():
    bag = BagOfVisualWords(words=4, patch=3).fit(FLAT)
    histograms = bag.transform(FLAT)
    assert np.isfinite(bag.codebook_).all()
    np.testing.assert_allclose(histograms.sum(axis=1), 1)
    np.testing.assert_allclose(bag.transform(images()).sum(axis=1), 1)


def test_the_codebook_is_learnt_by_fit_alone_and_a_seed_repeats_it():
    bag = BagOfVisualWords(words=5, patch=3, seed=3).fit(images(0))
    codebook = bag.codebook_.copy()
    bag.transform(images(1))
    np.testing.assert_array_equal(bag.codebook_, codebook)
    again = clone(bag).fit(images(0))
    np.testing.assert_array_equal(again.codebook_, codebook)
    assert not np.array_equal(clone(bag).set_params(seed=4).fit(images(0)).codebook_, codebook)


def test_the_global_seed_and_the_images_are_left_alone():
    state, before = np.random.get_state()[1].copy(), images()  # noqa: NPY002
    given = before.copy()
    BagOfVisualWords(words=5, patch=3).fit(given).transform(given)
    np.testing.assert_array_equal(given, before)
    np.testing.assert_array_equal(np.random.get_state()[1], state)  # noqa: NPY002


def test_colour_float32_and_other_sizes_are_welcome():
    colour = np.random.default_rng(0).random((4, 8, 8, 3), dtype=np.float32)
    bag = BagOfVisualWords(words=3, patch=3).fit(colour)
    assert bag.transform(colour).dtype == np.float32
    assert bag.transform(colour[:, :5].astype(np.float64)).shape == (4, 3)
    with pytest.raises(ArgumentValueError, match="X: expected patches of 27, as fit saw them"):
        bag.transform(colour[..., 0])


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"words": 0}, "words: .*>= 1"),
        ({"words": 10_000}, "words: expected at most 216"),
        ({"words": 2.5}, "words: .*whole number"),
        ({"patch": 9}, "patch: .*at most the side"),
        ({"stride": 0}, "stride: .*>= 1"),
        ({"seed": -1}, "seed: .*>= 0"),
    ],
)
def test_wrong_parameters_are_named_by_fit(parameters, message):
    with pytest.raises(ArgumentError, match=message):
        BagOfVisualWords(**({"words": 4, "patch": 3} | parameters)).fit(images())


def test_nothing_is_transformed_before_fit():
    with pytest.raises(NotFittedError):
        BagOfVisualWords().transform(images())


# -------------------------------------------------------------------------------- pipelines


def test_features_are_joined_in_order_and_standardised_by_the_training_images_only():
    train, test = gratings("train", count=40).images, gratings("test", count=12).images
    model = feature_pipeline({"hue": color_histogram, "hog": hog}).fit(train)

    def both(x):
        return np.hstack([color_histogram(x), hog(x)])

    deviation = both(train).std(axis=0)
    expected = (both(test) - both(train).mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    np.testing.assert_allclose(model.transform(test), expected, atol=1e-9)
    np.testing.assert_allclose(model.transform(test[:1]), expected[:1], atol=1e-9)


def test_together_two_features_tell_apart_what_neither_can_alone():
    train, test = gratings("train", count=160), gratings("test", count=160)
    scores = {}
    for names in (["hue"], ["hog"], ["hue", "hog"]):
        chosen = {name: {"hue": color_histogram, "hog": hog}[name] for name in names}
        model = feature_pipeline(chosen, LinearClassifier(learning_rate=0.01))
        model.fit(train.images, train.labels)
        scores[" ".join(names)] = model.score(test.images, test.labels)
    assert scores["hue hog"] > 0.95
    assert max(scores["hue"], scores["hog"]) < 0.7


def test_it_is_a_scikit_learn_pipeline_that_clones_and_cross_validates():
    data, bag = gratings("train", count=60), BagOfVisualWords(words=4, patch=5)
    classifier = LinearClassifier(epochs=5)
    model = feature_pipeline({"words": bag, "hog": partial(hog, cell=4)}, classifier)
    assert isinstance(model, Pipeline)
    assert cross_val_score(clone(model), data.images, data.labels, cv=3).shape == (3,)
    model.set_params(classify__epochs=2, features__words__seed=5).fit(data.images, data.labels)
    assert not hasattr(bag, "codebook_")  # what was passed is cloned
    assert not hasattr(classifier, "weights_")
    assert len(model.named_steps["classify"].loss_history_) == 4


def test_raw_pixels_are_rows():
    np.testing.assert_array_equal(raw_pixels(images())[2], images()[2].ravel())


@pytest.mark.usefixtures("unchecked")
def test_what_is_no_feature_or_classifier_is_named():
    with pytest.raises(ArgumentValueError, match="features: expected at least one"):
        feature_pipeline({})
    for wrong in (3, BagOfVisualWords):
        with pytest.raises(ArgumentTypeError, match=r"features\['it'\]: expected a function"):
            feature_pipeline({"it": wrong})
    for wrong in (3, LinearClassifier):
        with pytest.raises(ArgumentTypeError, match="classifier: expected an estimator"):
            feature_pipeline({"it": raw_pixels}, wrong)
