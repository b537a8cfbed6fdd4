"""Features side by side, standardised, and a classifier on top, as one estimator.

The option chosen: scikit-learn's `Pipeline`, `FeatureUnion` and `StandardScaler` as they are,
put together. They already keep the one promise that matters: whatever is learnt, be it a
codebook, a mean or a standard deviation, is learnt from the examples given to `fit`. So a
cross-validation or a grid search over this pipeline cannot leak test data either.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from jaxtyping import Float
from sklearn.base import clone
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from course.arrays import describe
from course.errors import ArgumentTypeError, ArgumentValueError
from course.features.arguments import require_images

__all__ = ["feature_pipeline", "raw_pixels"]

Feature = Callable[..., Any] | Any  # a function of images, or a transformer


def raw_pixels(images: Float[np.ndarray, "N H W ..."]) -> Float[np.ndarray, "N D"]:
    """The pixels themselves, one row per image: the feature that forgets nothing.

    Args:
        images: (N, height, width), or with 3 colours last; 0..1.

    Raises:
        ArgumentTypeError, ArgumentValueError: as the other features.

    Example:
        >>> raw_pixels(np.zeros((5, 8, 8))).shape
        (5, 64)

    Source: CS231n, lecture 3.
    """
    return require_images(images).reshape(len(images), -1)


def feature_pipeline(features: Mapping[str, Feature], classifier: Any = None) -> Any:
    """One or several features, each column with mean 0 and deviation 1, then a classifier.

    Args:
        features: by name, functions from images (N, height, width, ...) to numbers (N, D), or
            transformers such as `BagOfVisualWords`; they are joined in this order.
        classifier: an estimator for rows of numbers; None for the features alone.

    Returns:
        An unfitted scikit-learn `Pipeline` with the steps "features", "scale" and, with a
        classifier, "classify". Transformers and classifier are cloned.

    Raises:
        ArgumentTypeError: if a feature is neither a function nor a transformer, or the
            classifier is no estimator.
        ArgumentValueError: if there is no feature.

    Example:
        >>> from functools import partial
        >>> from course.data import gratings
        >>> from course.features import color_histogram, hog
        >>> from course.linear import LinearClassifier
        >>> train, test = gratings("train", count=100), gratings("test", count=100)
        >>> features = {"hue": color_histogram, "hog": partial(hog, cell=8)}
        >>> model = feature_pipeline(features, LinearClassifier())
        >>> float(model.fit(train.images, train.labels).score(test.images, test.labels))
        1.0

    Source: CS231n, lecture 3, "Image features", and assignment 1 (`features.ipynb`).
    """
    if not features:
        hint = 'Pass {"pixels": raw_pixels}, for instance.'
        raise ArgumentValueError("features", "none", "at least one feature", hint)
    union = FeatureUnion([(name, _transformer(name, each)) for name, each in features.items()])
    steps: list[tuple[str, Any]] = [("features", union), ("scale", StandardScaler())]
    if classifier is not None:
        if not hasattr(classifier, "fit") or isinstance(classifier, type):
            expected = "an estimator with fit, such as LinearClassifier()"
            hint = "Pass an instance, with its brackets."
            raise ArgumentTypeError("classifier", describe(classifier), expected, hint)
        steps.append(("classify", clone(classifier)))
    return Pipeline(steps)


def _transformer(name: str, feature: Feature) -> Any:
    if hasattr(feature, "fit") and hasattr(feature, "transform") and not isinstance(feature, type):
        return clone(feature)
    if callable(feature) and not isinstance(feature, type):
        return FunctionTransformer(feature)
    expected = "a function of images, or a transformer"
    hint = "Pass the function itself, or an instance with its brackets."
    raise ArgumentTypeError(f"features[{name!r}]", describe(feature), expected, hint)
