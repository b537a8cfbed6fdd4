"""Known wrong answers of `regularization`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not define (`fit`, `accuracy`, `rgb_to_hsv`) are
those of the notebook's setup cells, beside which it runs.
"""

# ruff: noqa: F821

import numpy as np

from grader.mistakes import mistake

ELASTIC = ["elastic_by_hand", "elastic_one_at_a_time", "elastic_random", "elastic_float32"]
SWEEP = ["sweep_by_hand", "sweep_three_trials", "sweep_between"]
HUES = ["hues_by_hand", "hues_random", "hues_a_hair_from_red"]
CELLS = ["cells_by_hand", "cells_random", "cells_one_cell", "cells_a_hair_below"]

# --- 1 elastic_net -----------------------------------------------------------------------


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="Your penalty charges the biases, too. They stand in the last row of W, and move a "
    "decision without making it more complicated: leave that row out of the sums, and give it "
    "the slope 0.",
)
def charges_the_biases(W, l1, l2):
    penalty = l1 * np.abs(W).sum() + l2 * (W**2).sum()
    return penalty, (l1 * np.sign(W) + 2 * l2 * W).astype(W.dtype)


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="The penalty is right, but its slope is not 0 for the biases. What is not in the "
    "penalty cannot be in its gradient.",
)
def biases_in_the_slope_only(W, l1, l2):
    penalty = l1 * np.abs(W[:-1]).sum() + l2 * (W[:-1] ** 2).sum()
    return penalty, (l1 * np.sign(W) + 2 * l2 * W).astype(W.dtype)


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="The slope of the squares lacks its 2: the derivative of w squared is 2w. (With the "
    "1/2 that other books put in front of the penalty the 2 cancels; here there is none.)",
)
def slope_without_the_two(W, l1, l2):
    penalty = l1 * np.abs(W[:-1]).sum() + l2 * (W[:-1] ** 2).sum()
    subgradient = (l1 * np.sign(W) + l2 * W).astype(W.dtype)
    subgradient[-1] = 0
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=["elastic_by_hand", "elastic_one_at_a_time", "elastic_random"],
    hint="There is a 1/2 in front of your squares. Many books have it there, but this penalty "
    "follows CS231n: no 1/2, so that the slope carries a 2. Your penalty and your slope do not "
    "belong together.",
)
def half_the_squares(W, l1, l2):
    weights = W[:-1]
    penalty = l1 * np.abs(weights).sum() + l2 / 2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    subgradient[:-1] = l1 * np.sign(weights) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=["elastic_by_hand", "elastic_one_at_a_time", "elastic_random"],
    hint="You take the mean over the weights; the definition takes their sum. With a mean, a "
    "larger network would pay less for each of its weights.",
)
def mean_of_the_weights(W, l1, l2):
    weights = W[:-1]
    penalty = l1 * np.abs(weights).mean() + l2 * (weights**2).mean()
    subgradient = np.zeros_like(W)
    subgradient[:-1] = l1 * np.sign(weights) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="The last column is left out instead of the last row. W has one column per class; the "
    "biases of all classes are its last row.",
)
def last_column_free(W, l1, l2):
    weights = W[:, :-1]
    penalty = l1 * np.abs(weights).sum() + l2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    subgradient[:, :-1] = l1 * np.sign(weights) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="A weight that is exactly 0 gets the slope 1 of its absolute value, so that L1 would "
    "push it *away* from 0. Any slope from -1 to 1 is a subgradient there; take 0, and the weight "
    "stays where L1 wants it.",
)
def slope_one_at_zero(W, l1, l2):
    weights = W[:-1]
    penalty = l1 * np.abs(weights).sum() + l2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    subgradient[:-1] = l1 * np.where(weights >= 0, 1, -1) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=ELASTIC,
    hint="At a weight of exactly 0 your slope is NaN: w divided by its absolute value is 0/0 "
    "there. One NaN in the gradient, and after the next step all weights are NaN. Which function "
    "gives -1, 0 or 1?",
)
def slope_by_division(W, l1, l2):
    weights = W[:-1]
    penalty = l1 * np.abs(weights).sum() + l2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    with np.errstate(invalid="ignore"):
        subgradient[:-1] = l1 * weights / np.abs(weights) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=["elastic_by_hand", "elastic_one_at_a_time", "elastic_random"],
    hint="The absolute value is missing in the L1 part: positive and negative weights cancel, "
    "and a large negative weight even *earns* something.",
)
def signed_sum(W, l1, l2):
    weights = W[:-1]
    penalty = l1 * weights.sum() + l2 * (weights**2).sum()
    subgradient = np.zeros_like(W)
    subgradient[:-1] = l1 * np.sign(weights) + 2 * l2 * weights
    return penalty, subgradient


@mistake(
    exercise="elastic_net",
    loses=["elastic_input"],
    hint="The numbers are right, but afterwards the caller's biases are 0: you wrote the zeros "
    "into W itself. A slice of an array is a view of it, not a copy.",
)
def clears_the_callers_biases(W, l1, l2):
    W[-1] = 0
    return l1 * np.abs(W).sum() + l2 * (W**2).sum(), l1 * np.sign(W) + 2 * l2 * W


# --- 2 decayed_step ----------------------------------------------------------------------


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_momentum"],
    hint="The decay is inside the velocity: that is L2 in the gradient, and momentum repeats it "
    "in the steps to come. Without momentum nobody notices; with it, the velocity must know "
    "nothing of the decay.",
)
def decay_in_the_gradient(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient + decay * W
    return W - rate * velocity, velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_plain", "decayed_momentum"],
    hint="The factor of the decay does not contain the learning rate. As in AdamW, the weights "
    "shrink by 1 minus rate times decay, so that a schedule of rates also slows the decay.",
)
def decay_without_the_rate(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return (1 - decay) * W - rate * velocity, velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_plain", "decayed_momentum"],
    hint="You shrink the weights *after* the step, so the step shrinks as well. In the formula "
    "only the old weights are multiplied by the factor.",
)
def shrinks_the_step_too(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return (1 - rate * decay) * (W - rate * velocity), velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_plain", "decayed_momentum"],
    hint="Your weights shrink twice as fast as they should. The 2 comes from the derivative of "
    "the squares; decay is a factor, not a derivative, and has none.",
)
def decay_twice(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return (1 - 2 * rate * decay) * W - rate * velocity, velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_momentum"],
    hint="The new gradient is weighed by 1 - momentum: an average, as in Adam. PyTorch's SGD, "
    "and the formula here, *add* the gradient to what is kept of the velocity.",
)
def averaged_velocity(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + (1 - momentum) * gradient
    return (1 - rate * decay) * W - rate * velocity, velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_plain", "decayed_momentum"],
    hint="You step with the velocity from before this gradient came in. First the velocity takes "
    "up the gradient, then the weights move with the *new* velocity.",
)
def steps_with_the_old_velocity(W, velocity, gradient, rate, momentum, decay):
    return (1 - rate * decay) * W - rate * velocity, momentum * velocity + gradient


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_plain", "decayed_momentum"],
    hint="The sign of the step is wrong: you walk uphill. The gradient points to where the loss "
    "grows, so the rate times the velocity is taken off.",
)
def walks_uphill(W, velocity, gradient, rate, momentum, decay):
    velocity = momentum * velocity + gradient
    return (1 - rate * decay) * W + rate * velocity, velocity


@mistake(
    exercise="decayed_step",
    loses=["decayed_by_hand", "decayed_momentum"],
    hint="The step uses the gradient alone; the velocity is computed and then not used. That is "
    "plain SGD: right when the momentum is 0, and only then.",
)
def forgets_the_velocity(W, velocity, gradient, rate, momentum, decay):
    return (1 - rate * decay) * W - rate * gradient, momentum * velocity + gradient


@mistake(
    exercise="decayed_step",
    loses=["decayed_input"],
    hint="The numbers are right, but the arrays that were handed in are changed: *= and += write "
    "into the caller's array. Make new arrays.",
)
def writes_into_the_arguments(W, velocity, gradient, rate, momentum, decay):
    velocity *= momentum
    velocity += gradient
    W *= 1 - rate * decay
    W -= rate * velocity
    return W, velocity


# --- 3 dropout ---------------------------------------------------------------------------


@mistake(
    exercise="dropout",
    loses=["dropout_by_hand", "dropout_expectation"],
    hint="What is kept is not scaled up. The expectation of an entry is then (1 - p) times what "
    "it was, and in evaluation the next layer meets larger inputs than it ever saw in training.",
)
def no_rescaling(x, p, draws, training):
    if not training:
        return x
    return np.where(draws < p, 0, x).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_by_hand", "dropout_expectation", "dropout_ends"],
    hint="You keep what should be dropped: p is the probability to *drop*, as in PyTorch. In the "
    "first paper it is the probability to keep, which is where the confusion comes from.",
)
def p_keeps(x, p, draws, training):
    if not training:
        return x
    if p == 0:
        return np.zeros_like(x)
    return np.where(draws < p, x / p, 0).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_by_hand", "dropout_expectation", "dropout_ends"],
    hint="The right entries are kept, but they are divided by p. What is kept is a share of 1 - p, "
    "so that is what restores the expectation; at p = 0.5 the two look the same.",
)
def divides_by_p(x, p, draws, training):
    if not training:
        return x
    scale = p if p > 0 else 1.0
    return np.where(draws < p, 0, x / scale * (1 + (p == 0))).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_by_hand", "dropout_expectation"],
    hint="You drop where the draw is *above* p, which is a share of 1 - p of the entries: at "
    "p = 0.2 four of five would go. A number from 0 to 1 is below p with probability p.",
)
def drops_above_p(x, p, draws, training):
    if not training:
        return x
    if p == 1:
        return np.zeros_like(x)
    if p == 0:
        return x
    return np.where(draws > p, 0, x / (1 - p)).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_by_hand", "dropout_ends"],
    hint="An entry whose draw equals p is dropped as well. Draws can be 0 (though never 1), so "
    "with p = 0 something would be lost: drop only where the draw is strictly below p.",
)
def drops_at_p_too(x, p, draws, training):
    if not training:
        return x
    if p == 1:
        return np.zeros_like(x)
    return np.where(draws <= p, 0, x / (1 - p)).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_evaluation", "dropout_float32"],
    hint="In evaluation you multiply by 1 - p. That belongs to the form of the first paper, which "
    "does not scale in training; the inverted form has done so already, and now nothing is left "
    "to do.",
)
def scales_in_evaluation_too(x, p, draws, training):
    if not training:
        return x * np.float64(1 - p)
    if p == 1:
        return np.zeros_like(x)
    return np.where(draws < p, 0, x / (1 - p)).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_evaluation"],
    hint="The draws are used before you have asked whether this is training. In evaluation there "
    "are none, and dropout that is active then gives another answer each time.",
)
def active_in_evaluation(x, p, draws, training):
    if p == 1:
        return np.zeros_like(x)
    mask = np.where(np.less(draws, p), 0, 1 / (1 - p))
    return (x * mask).astype(x.dtype) if training else x


@mistake(
    exercise="dropout",
    loses=["dropout_ends"],
    hint="With p = 1 you divide by 0, and 0 times infinity is NaN. When everything is dropped no "
    "scale is needed: the result is zeros.",
)
def nan_when_all_is_dropped(x, p, draws, training):
    if not training:
        return x
    with np.errstate(divide="ignore", invalid="ignore"):
        return ((draws >= p) * x / np.float64(1 - p)).astype(x.dtype)


@mistake(
    exercise="dropout",
    loses=["dropout_float32"],
    hint="The numbers are right, but float32 goes in and float64 comes out: the mask is made from "
    "float64 draws, and the product follows the wider of the two.",
)
def mask_in_float64(x, p, draws, training):
    if not training:
        return x
    if p == 1:
        return np.zeros_like(x)
    return x * ((draws >= p) / (1 - p))


@mistake(
    exercise="dropout",
    loses=["dropout_float32"],
    hint="The numbers are right, but the entries are set to 0 in the caller's own array, and their "
    "values are lost. Make a new array.",
)
def drops_in_the_callers_array(x, p, draws, training):
    if not training:
        return x
    if p == 1:
        return np.zeros_like(x)
    x[draws < p] = 0
    return x / (1 - p)


# --- 4 early_stopping --------------------------------------------------------------------


@mistake(
    exercise="early_stopping",
    loses=["stopping_by_hand", "stopping_nan"],
    hint="A tie counts as an improvement for you. Only a loss that is *more than* min_delta below "
    "the best one counts; otherwise a loss that stands still would never end the training.",
)
def tie_is_an_improvement(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        better = best is None or losses[best] - loss > min_delta
        if not np.isnan(loss) and (better or (losses[best] == loss and min_delta == 0)):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_by_hand", "stopping_min_delta", "stopping_nan", "stopping_random"],
    hint="You stop one epoch too late: patience 2 ends *at* the second epoch in a row without "
    "improvement, not at the one after it. Is it > or >= that you want?",
)
def one_epoch_too_late(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] - loss > min_delta):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited > patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=[
        "stopping_by_hand",
        "stopping_never",
        "stopping_min_delta",
        "stopping_nan",
        "stopping_random",
    ],
    hint="You compare each loss with that of the epoch before. The best loss so far is what has to "
    "be beaten: a run that goes up and comes half way down again has not improved.",
)
def compares_with_the_last_epoch(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[epoch - 1] - loss > min_delta):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_never", "stopping_min_delta", "stopping_nan", "stopping_random"],
    hint="The count of epochs without improvement is never set back to 0. Patience is for epochs "
    "*in a row*; a single improvement starts it anew.",
)
def patience_is_used_up(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] - loss > min_delta):
            best = epoch
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_min_delta", "stopping_random"],
    hint="min_delta is never used: the least progress counts as an improvement, and a run that "
    "creeps along goes on for ever.",
)
def ignores_min_delta(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] > loss):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_min_delta"],
    hint="An improvement of exactly min_delta counts for you. It takes *more than* that: with "
    "min_delta = 0 the same rule says that a tie is none.",
)
def exactly_min_delta_counts(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        gain = np.inf if best is None else losses[best] - loss
        if not np.isnan(loss) and (gain > min_delta or gain == min_delta > 0):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_nan"],
    hint="A NaN at the very start becomes your best loss, and nothing is ever below NaN: every "
    "comparison with it is False. The best must be a number, or not be there yet.",
)
def nan_becomes_the_best(losses, patience, min_delta=0.0):
    best, waited = 0, 0
    for epoch, loss in enumerate(losses):
        if epoch == 0 or losses[best] - loss > min_delta:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_nan"],
    hint="You skip epochs whose loss is NaN without counting them. They are epochs without "
    "improvement like others: a run that has diverged should be stopped, too.",
)
def nan_costs_no_patience(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if np.isnan(loss):
            continue
        if best is None or losses[best] - loss > min_delta:
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return best, epoch


@mistake(
    exercise="early_stopping",
    loses=["stopping_by_hand", "stopping_random", "stopping_min_delta", "stopping_nan"],
    hint="Your best epoch is the best of *all* losses. Those after the stop do not exist: nobody "
    "trained that long. Look for the best only among the epochs that were run, and by the rule of "
    "improvement.",
)
def best_of_the_future(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] - loss > min_delta):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    finite = [i for i, loss in enumerate(losses) if not np.isnan(loss)]
    return min(finite, key=lambda i: losses[i], default=None), epoch


@mistake(
    exercise="early_stopping",
    loses=[
        "stopping_by_hand",
        "stopping_never",
        "stopping_min_delta",
        "stopping_nan",
        "stopping_random",
    ],
    hint="Your epochs are counted from 1. They are counted from 0 here, as the entries of a list "
    "are: losses[best] has to be the best loss.",
)
def counts_from_one(losses, patience, min_delta=0.0):
    best, waited = None, 0
    for epoch, loss in enumerate(losses):
        if not np.isnan(loss) and (best is None or losses[best] - loss > min_delta):
            best, waited = epoch, 0
        else:
            waited += 1
        if waited == patience:
            break
    return None if best is None else best + 1, epoch + 1


# --- 5 penalty_sweep ---------------------------------------------------------------------


@mistake(
    exercise="penalty_sweep",
    loses=SWEEP,
    hint="Your tables lie on their side: one row per trial. One row per strength and one column "
    "per trial is what was asked for, so that a mean over axis 1 is one over the trials.",
)
def sweep_on_its_side(strengths, trials):
    train, validation = [], []
    for X, y, X_val, y_val in trials:
        weights = [fit(X, y, reg) for reg in strengths]
        train.append([accuracy(W, X, y) for W in weights])
        validation.append([accuracy(W, X_val, y_val) for W in weights])
    return np.array(train), np.array(validation)


@mistake(
    exercise="penalty_sweep",
    loses=SWEEP,
    hint="The accuracies for validation come from a model that was fitted to the validation "
    "examples. Fit once, on the training examples, and look at both with the same weights; "
    "otherwise you measure training twice.",
)
def fits_the_validation_examples(strengths, trials):
    train, validation = np.zeros((2, len(strengths), len(trials)))
    for k, reg in enumerate(strengths):
        for s, (X, y, X_val, y_val) in enumerate(trials):
            train[k, s] = accuracy(fit(X, y, reg), X, y)
            validation[k, s] = accuracy(fit(X_val, y_val, reg), X_val, y_val)
    return train, validation


@mistake(
    exercise="penalty_sweep",
    loses=SWEEP,
    hint="Both your tables hold accuracies of the training examples: what is learnt by heart does "
    "not show there. Validation needs the other examples of the trial.",
)
def training_twice(strengths, trials):
    train = [[accuracy(fit(X, y, reg), X, y) for X, y, _, _ in trials] for reg in strengths]
    return np.array(train), np.array(train)


@mistake(
    exercise="penalty_sweep",
    loses=SWEEP,
    hint="You return validation first and training second. Swapped, the gap has the wrong sign, "
    "and the plot says that the model does better on what it has never seen.",
)
def validation_first(strengths, trials):
    train, validation = np.zeros((2, len(strengths), len(trials)))
    for k, reg in enumerate(strengths):
        for s, (X, y, X_val, y_val) in enumerate(trials):
            W = fit(X, y, reg)
            train[k, s] = accuracy(W, X, y)
            validation[k, s] = accuracy(W, X_val, y_val)
    return validation, train


@mistake(
    exercise="penalty_sweep",
    loses=["sweep_three_trials"],
    hint="The model is fitted once per strength, on the first trial, and then used for all the "
    "others. Each trial has its own training examples, which is what makes its result another "
    "sample.",
)
def fits_the_first_trial_only(strengths, trials):
    train, validation = np.zeros((2, len(strengths), len(trials)))
    for k, reg in enumerate(strengths):
        W = fit(trials[0][0], trials[0][1], reg)
        for s, (X, y, X_val, y_val) in enumerate(trials):
            train[k, s] = accuracy(W, X, y)
            validation[k, s] = accuracy(W, X_val, y_val)
    return train, validation


@mistake(
    exercise="penalty_sweep",
    loses=["sweep_three_trials"],
    hint="You average over the trials. The mean alone cannot say whether a difference between two "
    "strengths is more than chance; keep one column per trial and let the plot show them all.",
)
def mean_over_the_trials(strengths, trials):
    train, validation = np.zeros((2, len(strengths), len(trials)))
    for k, reg in enumerate(strengths):
        for s, (X, y, X_val, y_val) in enumerate(trials):
            W = fit(X, y, reg)
            train[k, s] = accuracy(W, X, y)
            validation[k, s] = accuracy(W, X_val, y_val)
    return train.mean(axis=1, keepdims=True), validation.mean(axis=1, keepdims=True)


@mistake(
    exercise="penalty_sweep",
    loses=SWEEP,
    hint="The strength never reaches the fit: every row of your tables is the same. Look at the "
    "last argument of `fit`.",
)
def one_strength_for_all(strengths, trials):
    train, validation = np.zeros((2, len(strengths), len(trials)))
    for k in range(len(strengths)):
        for s, (X, y, X_val, y_val) in enumerate(trials):
            W = fit(X, y, 0.0)
            train[k, s] = accuracy(W, X, y)
            validation[k, s] = accuracy(W, X_val, y_val)
    return train, validation


# --- 6 hue_histogram ---------------------------------------------------------------------


@mistake(
    exercise="hue_histogram",
    loses=HUES,
    hint="These are counts, not shares: an image of twice the size would look twice as colourful. "
    "Divide by the number of pixels.",
)
def hue_counts(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    places = (hues * bins).astype(int) % bins
    return np.array([np.bincount(row, minlength=bins) for row in places])


@mistake(
    exercise="hue_histogram",
    loses=["hues_by_hand", "hues_random"],
    hint="All images go into one histogram, and each row is the same. Every image has a histogram "
    "of its own; only the pixels within an image are counted together.",
)
def one_histogram_for_all(images, bins):
    places = (rgb_to_hsv(images)[..., 0] * bins).astype(int) % bins
    shares = np.bincount(places.ravel(), minlength=bins) / places.size
    return np.repeat(shares[np.newaxis], len(images), axis=0)


@mistake(
    exercise="hue_histogram",
    loses=[*HUES, "hues_places"],
    hint="You count the saturation. Of hue, saturation and value, the hue comes first.",
)
def saturation_instead(images, bins):
    values = rgb_to_hsv(images)[..., 1].reshape(len(images), -1)
    counts = [np.histogram(row, bins, range=(0, 1))[0] for row in values]
    return np.array(counts) / values.shape[1]


@mistake(
    exercise="hue_histogram",
    loses=[*HUES, "hues_places"],
    hint="You count the value, that is the brightness. The hue is what does *not* change when the "
    "lamp is turned down; it comes first of the three.",
)
def value_instead(images, bins):
    values = rgb_to_hsv(images)[..., 2].reshape(len(images), -1)
    counts = [np.histogram(row, bins, range=(0, 1))[0] for row in values]
    return np.array(counts) / values.shape[1]


@mistake(
    exercise="hue_histogram",
    loses=HUES,
    hint="Your bins reach from the smallest to the largest hue *of each image*, as np.histogram "
    "does when it is told no range. The same bin then means another colour in every image, and two "
    "images cannot be compared.",
)
def bins_fitted_to_each_image(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    return np.array([np.histogram(row, bins)[0] for row in hues]) / hues.shape[1]


@mistake(
    exercise="hue_histogram",
    loses=HUES,
    hint="Your rows are densities: their *area* is 1, so the entries add up to the number of bins. "
    "Shares add up to 1.",
)
def hue_density(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    return np.array([np.histogram(row, bins, range=(0, 1), density=True)[0] for row in hues])


@mistake(
    exercise="hue_histogram",
    loses=HUES,
    hint="The hue is a part of the circle, from 0 to 1, and not an angle from 0 to 360. With bins "
    "up to 360 all colours fall into the first.",
)
def hue_in_degrees(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    return np.array([np.histogram(row, bins, range=(0, 360))[0] for row in hues]) / hues.shape[1]


@mistake(
    exercise="hue_histogram",
    loses=["hues_a_hair_from_red"],
    hint="A red with the faintest trace of blue has a hue that is rounded to exactly 1, and your "
    "code has no bin for it. Hue is a circle: what leaves at the end comes back at the start.",
)
def no_bin_for_one(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    counts = np.zeros((len(images), bins))
    for i, row in enumerate(hues):
        for hue in row:
            if hue < 1:
                counts[i, int(hue * bins)] += 1
    return counts / hues.shape[1]


@mistake(
    exercise="hue_histogram",
    loses=HUES,
    hint="Hues are rounded to the nearest bin instead of cut down to the one they are in, so every "
    "bin is shifted by half its width. Bin b reaches from b/B up to (b+1)/B.",
)
def rounds_to_a_bin(images, bins):
    hues = rgb_to_hsv(images)[..., 0].reshape(len(images), -1)
    places = np.round(hues * bins).astype(int) % bins
    return np.array([np.bincount(row, minlength=bins) for row in places]) / hues.shape[1]


# --- 7 orientation_histograms ------------------------------------------------------------


@mistake(
    exercise="orientation_histograms",
    loses=[*CELLS, "cells_turned"],
    hint="Angles are not taken modulo 180, so the bins divide 360 degrees, and a light line on dark "
    "votes for another direction than a dark line on light.",
)
def angles_with_a_sign(right, down, bins, cell):
    places = (np.arctan2(down, right) % (2 * np.pi) / (2 * np.pi) * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j] / cell**2
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="Each pixel counts 1, however weak its gradient. On flat ground the gradient is noise of "
    "any angle, and there is a lot of flat ground: let each vote by the length of its arrow.",
)
def every_pixel_one_vote(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int) % bins
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += 1 / cell**2
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="`right` and `down` have changed places in the angle, so every direction is mirrored at the "
    "diagonal. arctan2 wants the vertical part first.",
)
def sides_swapped(right, down, bins, cell):
    places = (np.arctan2(right, down) % np.pi / np.pi * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j] / cell**2
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="The lengths are added up and not divided by the number of pixels, so larger cells look "
    "like stronger edges.",
)
def sums_of_lengths(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j]
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="You divide by the side of the cell, not by its number of pixels, which is the square of "
    "the side.",
)
def divides_by_the_side(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j] / cell
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="Your histograms add up to 1: the lengths are divided by their sum. Then a cell of paper "
    "with a speck of dust is as loud as one full of edges. Divide by the number of pixels.",
)
def cells_that_add_up_to_one(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j]
    totals = histograms.sum(axis=2, keepdims=True)
    return histograms / np.where(totals == 0, 1, totals)


@mistake(
    exercise="orientation_histograms",
    loses=CELLS,
    hint="Your weights are the *squares* of the lengths: the root is missing. With squares one strong "
    "edge drowns everything else in its cell.",
)
def squared_lengths(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int) % bins
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        squares = right[i, j] ** 2 + down[i, j] ** 2
        histograms[i // cell, j // cell, places[i, j]] += squares / cell**2
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=["cells_by_hand", "cells_random", "cells_turned", "cells_one_cell"],
    hint="The sign of the slope is lost: with absolute values, or the arctangent of a quotient of "
    "them, lines that rise and lines that fall vote alike, and half the bins stay empty.",
)
def rising_like_falling(right, down, bins, cell):
    places = (np.arctan2(abs(down), abs(right)) % np.pi / np.pi * bins).astype(int) % bins
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j] / cell**2
    return histograms


@mistake(
    exercise="orientation_histograms",
    loses=["cells_a_hair_below"],
    hint="An angle that is a hair below 0 becomes, modulo 180 and rounded, exactly 180, and your code "
    "has no bin for it. It is the same direction as 0.",
)
def no_bin_for_a_half_turn(right, down, bins, cell):
    places = (np.arctan2(down, right) % np.pi / np.pi * bins).astype(int)
    lengths = np.hypot(right, down)
    rows, columns = right.shape[0] // cell, right.shape[1] // cell
    histograms = np.zeros((rows, columns, bins + 1))
    for i, j in np.ndindex(right.shape):
        histograms[i // cell, j // cell, places[i, j]] += lengths[i, j] / cell**2
    return histograms[:, :, :bins]


# --- 8 bag_of_words ----------------------------------------------------------------------


@mistake(
    exercise="bag_of_words",
    loses=["bag_random", "bag_light"],
    hint="The patches keep their brightness: their mean is not taken off. A stroke in the shade and "
    "the same stroke in the sun are then two different words.",
)
def keeps_the_brightness(patches, words):
    contrast = patches.std(axis=1, keepdims=True)
    shapes = patches / np.where(contrast < 0.01, 1, contrast)
    shapes = np.where(contrast < 0.01, patches - patches.mean(axis=1, keepdims=True), shapes)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_by_hand", "bag_random", "bag_light", "bag_flat"],
    hint="The patches keep their contrast: they are not divided by their standard deviation, while "
    "the words have been. Faint strokes then all look flat.",
)
def keeps_the_contrast(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_by_hand", "bag_flat"],
    hint="An exactly flat patch has the deviation 0, and dividing by it gives NaN, which is nearest to "
    "whatever comes first. A flat patch has no shape: take its mean off, and leave it at that.",
)
def nan_for_flat_patches(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore", divide="ignore"):
        shapes = shapes / shapes.std(axis=1, keepdims=True)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_flat"],
    hint="Only patches that are flat to the last digit are spared. One that is *almost* flat is empty "
    "paper with noise, and scaled to contrast 1 the noise becomes a shape. The limit is 0.01.",
)
def spares_only_the_perfectly_flat(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 1e-12, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_random", "bag_light", "bag_flat"],
    hint="Mean and deviation are taken over all patches, pixel by pixel. Each patch is brought to its "
    "own mean 0 and contrast 1: the axis is that of the pixels.",
)
def mean_over_the_patches(patches, words):
    shapes = patches - patches.mean(axis=0, keepdims=True)
    contrast = shapes.std(axis=0, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_by_hand", "bag_random", "bag_flat"],
    hint="These are counts. Divide by the number of patches, so that a larger image, which has more "
    "of them, gets a bag of the same size.",
)
def word_counts(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words))


@mistake(
    exercise="bag_of_words",
    loses=["bag_by_hand", "bag_random", "bag_flat"],
    hint="You divide by the number of words. The bag holds one word for each *patch*; their shares "
    "add up to 1.",
)
def divides_by_the_words(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(words)


@mistake(
    exercise="bag_of_words",
    loses=["bag_by_hand", "bag_random", "bag_flat"],
    hint="Each patch counts for the word that is *farthest* from it: the largest distance is the "
    "smallest likeness.",
)
def farthest_word(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmax(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_random", "bag_flat"],
    hint="You take the word with the largest product with the patch. That favours long words over near "
    "ones, and the flat word, which is all zeros, can hardly ever win. It is the distance that counts.",
)
def largest_product(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    flat = (contrast < 0.01)[:, 0]
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    products = shapes @ words.T
    products[flat & (products.max(axis=1) == 0)] = [0] * (len(words) - 1) + [1]
    return np.bincount(products.argmax(axis=1), minlength=len(words)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_random"],
    hint="The histogram is too short when the last words do not occur in this image. Every image needs "
    "a number for each of the K words, also where that number is 0.",
)
def as_long_as_the_last_word(patches, words):
    shapes = patches - patches.mean(axis=1, keepdims=True)
    contrast = shapes.std(axis=1, keepdims=True)
    shapes = shapes / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1)) / len(patches)


@mistake(
    exercise="bag_of_words",
    loses=["bag_input"],
    hint="The shares are right, but the caller's patches have lost their brightness: -= writes into the "
    "array that was handed in. Make a new one.",
)
def shifts_the_callers_patches(patches, words):
    patches -= patches.mean(axis=1, keepdims=True)
    contrast = patches.std(axis=1, keepdims=True)
    shapes = patches / np.where(contrast < 0.01, 1, contrast)
    distances = ((shapes[:, np.newaxis] - words) ** 2).sum(axis=2)
    return np.bincount(distances.argmin(axis=1), minlength=len(words)) / len(patches)


# --- 9 standardise -----------------------------------------------------------------------


@mistake(
    exercise="standardise",
    loses=["standardise_by_hand", "standardise_random"],
    hint="The test examples are standardised by their own mean and deviation. A test image then lands "
    "on another scale than the same image in training would; and a single test image would always be 0. "
    "Use the numbers of the training set for both.",
)
def each_by_its_own(train, test):
    def scaled(part):
        constant = train.max(axis=0) == train.min(axis=0)
        own = part.std(axis=0)
        mean = np.where(constant, train.mean(axis=0), part.mean(axis=0))
        return (part - mean) / np.where(constant | (own == 0), 1.0, own)

    lonely = scaled(test) if len(test) > 1 else (test - train.mean(axis=0))
    return scaled(train), lonely


@mistake(
    exercise="standardise",
    loses=["standardise_by_hand", "standardise_random", "standardise_constant"],
    hint="Mean and deviation are computed from training and test examples together. That is a leak: "
    "your training has seen the test set, if only its mean. Compute them from `train` alone.",
)
def statistics_of_all(train, test):
    everything = np.vstack([train, test])
    scale = everything.std(axis=0)
    scale = np.where(everything.max(axis=0) == everything.min(axis=0), 1.0, scale)
    return (train - everything.mean(axis=0)) / scale, (test - everything.mean(axis=0)) / scale


@mistake(
    exercise="standardise",
    loses=["standardise_by_hand", "standardise_random", "standardise_constant"],
    hint="There is one mean and one deviation for the whole table. Columns are measured in different "
    "units; each needs its own, along the axis of the examples.",
)
def one_mean_for_the_table(train, test):
    return (train - train.mean()) / train.std(), (test - train.mean()) / train.std()


@mistake(
    exercise="standardise",
    loses=["standardise_by_hand", "standardise_constant"],
    hint="A constant column is divided by its deviation of 0, and 0/0 is NaN. Nothing is to be scaled "
    "there: take off the mean, and divide by 1.",
)
def divides_by_zero(train, test):
    with np.errstate(invalid="ignore", divide="ignore"):
        mean, scale = train.mean(axis=0), train.std(axis=0)
        return (train - mean) / scale, (test - mean) / scale


@mistake(
    exercise="standardise",
    loses=["standardise_constant"],
    hint="A column that is 0.1 everywhere has, after rounding, a deviation of 1.4e-17 and not of 0, "
    "and you divide by it: the test example becomes a number with seventeen digits. Ask whether the "
    "column's largest and smallest value are equal.",
)
def constant_only_if_exactly_zero(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(scale == 0, 1.0, scale)
    return (train - mean) / scale, (test - mean) / scale


@mistake(
    exercise="standardise",
    loses=["standardise_by_hand", "standardise_random"],
    hint="Your deviation divides by N - 1. For scaling, the convention here (and in scikit-learn's "
    "StandardScaler) is to divide by N; N - 1 is for estimating a spread from a sample.",
)
def sample_deviation(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0, ddof=1)
    scale = np.where(train.max(axis=0) == train.min(axis=0), 1.0, scale)
    return (train - mean) / scale, (test - mean) / scale


@mistake(
    exercise="standardise",
    loses=["standardise_random"],
    hint="You divide by the variance, whose unit is the square of the column's. The standard deviation "
    "is its root.",
)
def divides_by_the_variance(train, test):
    mean, scale = train.mean(axis=0), train.var(axis=0)
    scale = np.where(train.max(axis=0) == train.min(axis=0), 1.0, scale)
    return (train - mean) / scale, (test - mean) / scale


@mistake(
    exercise="standardise",
    loses=["standardise_random", "standardise_by_hand", "standardise_constant"],
    hint="The test examples come back as they were. They must be treated with the same numbers as the "
    "training examples, or the classifier meets another scale than it was trained on.",
)
def leaves_the_test_set(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(train.max(axis=0) == train.min(axis=0), 1.0, scale)
    return (train - mean) / scale, test.copy()


@mistake(
    exercise="standardise",
    loses=["standardise_input"],
    hint="The numbers are right, but the caller's features are changed: -= and /= write into the arrays "
    "that were handed in. Make new ones.",
)
def scales_in_place(train, test):
    mean, scale = train.mean(axis=0), train.std(axis=0)
    scale = np.where(train.max(axis=0) == train.min(axis=0), 1.0, scale)
    train -= mean
    train /= scale
    test -= mean
    test /= scale
    return train, test


# --- 10 feature_accuracies ---------------------------------------------------------------


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_outlier"],
    hint="The smallest and largest values come from all rows, those for testing included. That is a "
    "leak: one odd test image squeezes everything you train on. Take them from the rows trained on.",
)
def ranges_of_all_rows(X, y, n_train, seeds):
    X, accuracies = to_unit_range(X, X.min(axis=0), X.max(axis=0)), []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        W = fit(X[train], y[train], 0.001)
        accuracies.append(accuracy(W, X[test], y[test]))
    return np.array(accuracies), np.mean(accuracies), np.std(accuracies, ddof=1)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_overlap"],
    hint="You measure the accuracy on the rows that you trained on. What was learnt by heart counts in "
    "full there; ask the rows that were kept apart.",
)
def scores_the_training_rows(X, y, n_train, seeds):
    accuracies = []
    for seed in seeds:
        train = np.random.default_rng(seed).permutation(len(y))[:n_train]
        scaled = to_unit_range(X[train], X[train].min(axis=0), X[train].max(axis=0))
        accuracies.append(accuracy(fit(scaled, y[train], 0.001), scaled, y[train]))
    return np.array(accuracies), np.mean(accuracies), np.std(accuracies, ddof=1)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_overlap"],
    hint="Your spread divides by S, NumPy's default. Five accuracies are a sample, and their mean was "
    "estimated from the same five: the sample standard deviation divides by S - 1.",
)
def spread_of_a_population(X, y, n_train, seeds):
    accuracies = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        low, high = X[train].min(axis=0), X[train].max(axis=0)
        W = fit(to_unit_range(X[train], low, high), y[train], 0.001)
        accuracies.append(accuracy(W, to_unit_range(X[test], low, high), y[test]))
    return np.array(accuracies), np.mean(accuracies), np.std(accuracies)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_overlap"],
    hint="You report the standard error, the spread divided by the root of S. It says how well the *mean* "
    "is known and shrinks with every further seed; the spread says how much single runs differ.",
)
def standard_error_as_spread(X, y, n_train, seeds):
    accuracies = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        low, high = X[train].min(axis=0), X[train].max(axis=0)
        W = fit(to_unit_range(X[train], low, high), y[train], 0.001)
        accuracies.append(accuracy(W, to_unit_range(X[test], low, high), y[test]))
    spread = np.std(accuracies, ddof=1)
    return np.array(accuracies), np.mean(accuracies), spread / len(seeds) ** 0.5


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_outlier", "accuracies_overlap"],
    hint="All your accuracies come from the same split: the generator is made anew with one fixed seed. "
    "A spread of 0 is too good to be true; each seed draws its own split.",
)
def one_split_for_all_seeds(X, y, n_train, seeds):
    accuracies = []
    for _ in seeds:
        order = np.random.default_rng(0).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        low, high = X[train].min(axis=0), X[train].max(axis=0)
        W = fit(to_unit_range(X[train], low, high), y[train], 0.001)
        accuracies.append(accuracy(W, to_unit_range(X[test], low, high), y[test]))
    return np.array(accuracies), np.mean(accuracies), np.std(accuracies, ddof=1)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_outlier", "accuracies_overlap"],
    hint="The rows are not shuffled: you train on the first n_train as they come. Data often comes "
    "sorted by class, and then there are classes that training never sees.",
)
def does_not_shuffle(X, y, n_train, seeds):
    low, high = X[:n_train].min(axis=0), X[:n_train].max(axis=0)
    W = fit(to_unit_range(X[:n_train], low, high), y[:n_train], 0.001)
    each = accuracy(W, to_unit_range(X[n_train:], low, high), y[n_train:])
    accuracies = np.full(len(seeds), each)
    return accuracies, accuracies.mean(), accuracies.std(ddof=1)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_known", "accuracies_overlap"],
    hint="You report the largest accuracy in the place of the mean. The best of several noisy runs is "
    "better than any of them deserves, and the more seeds you try, the more so.",
)
def best_seed_as_mean(X, y, n_train, seeds):
    accuracies = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = order[:n_train], order[n_train:]
        low, high = X[train].min(axis=0), X[train].max(axis=0)
        W = fit(to_unit_range(X[train], low, high), y[train], 0.001)
        accuracies.append(accuracy(W, to_unit_range(X[test], low, high), y[test]))
    return np.array(accuracies), np.max(accuracies), np.std(accuracies, ddof=1)


@mistake(
    exercise="feature_accuracies",
    loses=["accuracies_outlier"],
    hint="The test rows are brought to 0..1 by their *own* smallest and largest values. The same image "
    "then has other numbers in testing than in training; use the values of the training rows for both.",
)
def test_rows_by_their_own_range(X, y, n_train, seeds):
    accuracies = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(y))
        train, test = X[order[:n_train]], X[order[n_train:]]
        W = fit(
            to_unit_range(train, train.min(axis=0), train.max(axis=0)), y[order[:n_train]], 0.001
        )
        scaled = to_unit_range(test, test.min(axis=0), test.max(axis=0))
        accuracies.append(accuracy(W, scaled, y[order[n_train:]]))
    return np.array(accuracies), np.mean(accuracies), np.std(accuracies, ddof=1)
