"""The pictures of the course: each function returns a matplotlib `Figure` to look at or save.

They are drawn without pyplot, so that nothing global changes and nothing stays open. The
figures show themselves in a notebook when they are the last value of a cell, whichever
backend is in use; elsewhere write ``figure.savefig("name.png")``. Colours can be told
apart with any kind of colour vision, and no message depends on colour alone.
"""

from course.figures.augmentation import augmentation_grid
from course.figures.checks import gradient_check_errors
from course.figures.data import class_samples
from course.figures.features import feature_accuracies, hog_glyphs, visual_words
from course.figures.images import digit_samples, digit_templates
from course.figures.invariance import (
    accuracy_against_shift,
    deformation_grid,
    equivariance_bars,
    invariance_with_depth,
    scattering_filters,
    sensitivity_maps,
)
from course.figures.learner import accuracy_by_step, learner_losses, learner_rates
from course.figures.losses import margin_losses, scores_as_bars
from course.figures.rates import (
    range_test_curves,
    rates_above_accuracy,
    restart_cycles,
    schedule_curves,
)
from course.figures.regularization import dropout_masks, train_validation_gap
from course.figures.training import loss_curve

__all__ = [
    "accuracy_against_shift",
    "accuracy_by_step",
    "augmentation_grid",
    "class_samples",
    "deformation_grid",
    "digit_samples",
    "digit_templates",
    "dropout_masks",
    "equivariance_bars",
    "feature_accuracies",
    "gradient_check_errors",
    "hog_glyphs",
    "invariance_with_depth",
    "learner_losses",
    "learner_rates",
    "loss_curve",
    "margin_losses",
    "range_test_curves",
    "rates_above_accuracy",
    "restart_cycles",
    "scattering_filters",
    "schedule_curves",
    "scores_as_bars",
    "sensitivity_maps",
    "train_validation_gap",
    "visual_words",
]
