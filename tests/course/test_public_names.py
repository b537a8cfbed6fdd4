"""The public names, pinned: adding or dropping one is a decision, made here too."""

import importlib
import subprocess
import sys

import pytest

PUBLIC = {
    "course": [],
    "course.augmentation": [
        "Augmentation",
        "brightness_contrast",
        "compose",
        "random_affine",
        "random_crop",
        "random_flip",
        "warp",
    ],
    "course.data": [
        "LabelledImages",
        "cifar10",
        "digits",
        "gratings",
        "letters",
        "shifted_digits",
    ],
    "course.errors": [
        "ArgumentError",
        "ArgumentTypeError",
        "ArgumentValueError",
        "CourseError",
        "DamagedFileError",
        "DivergenceError",
    ],
    "course.features": [
        "BagOfVisualWords",
        "color_histogram",
        "extract_patches",
        "feature_pipeline",
        "hog",
        "orientation_histograms",
        "raw_pixels",
    ],
    "course.figures": [
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
    ],
    "course.finetuning": [
        "Snapshots",
        "body_and_head",
        "discriminative_learning_rates",
        "evaluating",
        "freeze_to",
        "layer_groups",
        "parameter_groups",
        "precompute_activations",
        "snapshot_ensemble",
        "train_mode",
        "unfreeze",
    ],
    "course.gradients": [
        "GradientCheck",
        "check_gradient",
        "numerical_gradient",
        "relative_error",
    ],
    "course.learner": ["EpochRecord", "Learner", "Recorder"],
    "course.invariance": [
        "BlurPool",
        "LayerCost",
        "LayerInvariance",
        "MaxBlurPool",
        "PoolingCost",
        "accuracy_by_shift",
        "deform",
        "dilation",
        "equivariance_error",
        "invariance_by_depth",
        "pooling_cost",
        "sensitivity_map",
        "shift",
        "shift_consistency",
        "smooth_displacement",
        "translation_bound",
    ],
    "course.linear": ["LinearClassifier", "batches"],
    "course.losses": [
        "log_softmax",
        "multiclass_hinge",
        "multiclass_hinge_gradient",
        "softmax_cross_entropy",
        "softmax_cross_entropy_gradient",
    ],
    "course.lr_finder": [
        "LRRangeTest",
        "Suggestions",
        "exponential_moving_average",
        "lr_range_test",
        "minimum_over_ten",
        "steepest",
        "valley",
    ],
    "course.models": [
        "BodyAndHead",
        "invariance_net",
        "linear_softmax",
        "pretrained_letters",
        "replace_head",
        "small_convnet",
    ],
    "course.schedules": [
        "Schedule",
        "ScheduledOptimizer",
        "constant",
        "cosine_annealing",
        "cycle_ends",
        "epochs_in_total",
        "exponential",
        "join",
        "linear",
        "one_cycle",
        "one_cycle_momentum",
        "sample",
        "warm_restarts",
    ],
    "course.regularization": [
        "EarlyStopping",
        "decoupled_weight_decay",
        "decoupled_weight_decay_",
        "dropout",
        "elastic_net",
        "elastic_net_gradient",
        "l1",
        "l1_gradient",
        "l2",
        "l2_gradient",
    ],
    "course.scattering": ["FilterBank", "Scattering2d", "filter_bank"],
    "course.tta": ["predict_with_tta"],
}


@pytest.mark.parametrize("module", PUBLIC)
def test_the_public_names_are_these(module):
    assert importlib.import_module(module).__all__ == PUBLIC[module]


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, names in PUBLIC.items() for n in names])
def test_each_public_name_exists_and_is_documented(module, name):
    assert getattr(importlib.import_module(module), name).__doc__


@pytest.mark.parametrize(
    "module", ["course", "course.errors", "course.losses", "course.gradients", "course.schedules"]
)
def test_the_light_modules_import_neither_torch_nor_scikit_learn_nor_matplotlib(module):
    code = (
        f"import sys, {module}; "
        "print([m for m in ('torch', 'sklearn', 'matplotlib') if m in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
