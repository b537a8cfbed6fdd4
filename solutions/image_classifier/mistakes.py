"""Known wrong answers of `image_classifier`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not import are those of the notebook's setup
cells, beside which it runs.
"""

# ruff: noqa: NPY002 - the legacy functions of NumPy are one of the mistakes

import copy
import math

import numpy as np
import torch
import torch.nn.functional as F

from grader.mistakes import mistake

# --- 1 augment ---------------------------------------------------------------------------


@mistake(
    exercise="augment",
    loses=["augment_three_windows", "augment_even"],
    hint="The whole batch moves as one block: there is a single draw for all images. Then a batch "
    "shows only one shift, and twenty-four pictures teach what one would. Every image needs "
    "its own two draws.",
)
def one_shift_for_the_batch(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    top, left = torch.randint(2 * shift + 1, (2,), generator=generator).tolist()
    views = padded[:, :, top : top + height, left : left + width]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return (views + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_light", "augment_even"],
    hint="All images of the batch get the same light: there is one draw where N are needed. "
    "A batch that darkens as a whole shows the network only one lighting at a time.",
)
def one_light_for_the_batch(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draw = torch.rand(1, generator=generator, dtype=torch.float64).to(images.dtype)
    return (torch.stack(windows) + light * (2 * draw - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_light"],
    hint="Every pixel gets light of its own, so this is noise and no lighting: neighbouring pixels "
    "of a grey picture must stay equal. One number for each image is to be added to all of it.",
)
def light_for_each_pixel(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(images.shape, generator=generator)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_light", "augment_even"],
    hint="The light only ever brightens. The draw of torch.rand lies between 0 and 1, and it has "
    "to be spread evenly over minus light to plus light, or the pictures drift towards white.",
)
def only_brighter(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return (torch.stack(windows) + light * draws).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_three_windows", "augment_even"],
    hint="What comes into view at the edge is black. The padding is to repeat the pixel at the "
    "edge: on coloured paper a black rim is a new shape, and the network will look at it.",
)
def pads_with_black(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4)
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_three_windows", "augment_even"],
    hint="The pixels that leave on one side come back on the other: rolling is a circular shift. "
    "A dot from below a letter would appear above it, and be another letter. Repeat the edge "
    "instead.",
)
def rolls_around(images, shift, light, generator):
    moves = (torch.randint(2 * shift + 1, (len(images), 2), generator=generator) - shift).tolist()
    views = [
        torch.roll(image, move, dims=(1, 2)) for image, move in zip(images, moves, strict=True)
    ]
    draws = torch.rand(len(images), 1, 1, 1, generator=generator)
    return (torch.stack(views) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_three_windows", "augment_even"],
    hint="The largest shift never occurs. There are 2 times shift plus 1 places for the window, and "
    "the upper bound of torch.randint is itself excluded, so one place is lost, always on the same "
    "side.",
)
def a_window_too_few(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(max(2 * shift, 1), (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_even"],
    hint="Down and to the right you always shift by the same number: the pictures move only along "
    "a diagonal. Each image has two independent draws, one for each direction.",
)
def only_along_the_diagonal(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count,), generator=generator).tolist()
    windows = [
        image[:, at : at + height, at : at + width]
        for image, at in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_light"],
    hint="Your views leave the range from 0 to 1: bright pictures become brighter than white. "
    "No camera gives such values, and the network has never seen any. Clip the result.",
)
def does_not_clip(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    return torch.stack(windows) + light * (2 * draws - 1)


@mistake(
    exercise="augment",
    loses=["augment_generator"],
    hint="Some of your draws do not come from the generator that was handed in, but from torch's "
    "global one. The same seed then gives other views, and whoever else draws numbers is disturbed.",
)
def draws_from_the_global_generator(images, shift, light, generator):
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2)).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_generator"],
    hint="Your function seeds a generator of its own, so it returns the same views in every epoch. "
    "That is a fixed, slightly larger data set. A generator that goes on must give new views "
    "with each call.",
)
def always_the_same_views(images, shift, light, generator):
    own = torch.Generator().manual_seed(generator.initial_seed())
    count, _, height, width = images.shape
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=own).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    draws = torch.rand(count, 1, 1, 1, generator=own)
    return (torch.stack(windows) + light * (2 * draws - 1)).clamp(0, 1)


@mistake(
    exercise="augment",
    loses=["augment_generator", "augment_input"],
    hint="You write the light into the images that were handed in. These are the training data: "
    "after ten epochs every picture carries ten layers of light, clipped. Make a new tensor.",
)
def lights_the_originals(images, shift, light, generator):
    count, _, height, width = images.shape
    draws = torch.rand(count, 1, 1, 1, generator=generator)
    images += light * (2 * draws - 1)
    images.clamp_(0, 1)
    padded = F.pad(images, [shift] * 4, mode="replicate")
    corners = torch.randint(2 * shift + 1, (count, 2), generator=generator).tolist()
    windows = [
        image[:, top : top + height, left : left + width]
        for image, (top, left) in zip(padded, corners, strict=True)
    ]
    return torch.stack(windows)


# --- 2 precompute ------------------------------------------------------------------------


@mistake(
    exercise="precompute",
    loses=["precompute_parity", "precompute_rest", "precompute_graph"],
    hint="The body runs in the mode that it happens to be in, here training: batch normalisation "
    "uses each batch's own mean, and drags its running averages along. The features of a picture "
    "then depend on its neighbours. Switch to evaluation mode first.",
)
def stays_in_training_mode(body, images, batch_size):
    with torch.no_grad():
        return torch.cat([body(batch) for batch in images.split(batch_size)])


@mistake(
    exercise="precompute",
    loses=["precompute_rest"],
    hint="The body is left in evaluation mode although it was training before. A function that "
    "only looks should leave things as they were: training that goes on would go on with batch "
    "normalisation asleep.",
)
def leaves_the_body_in_evaluation_mode(body, images, batch_size):
    body.eval()
    with torch.no_grad():
        return torch.cat([body(batch) for batch in images.split(batch_size)])


@mistake(
    exercise="precompute",
    loses=["precompute_rest"],
    hint="Afterwards the body is always in training mode, also if it was not before. Remember the "
    "mode that you found, and return to that one.",
)
def always_back_to_training(body, images, batch_size):
    body.eval()
    with torch.no_grad():
        cache = torch.cat([body(batch) for batch in images.split(batch_size)])
    body.train()
    return cache


@mistake(
    exercise="precompute",
    loses=["precompute_graph"],
    hint="The cache still carries the graph of the body, with every intermediate result in memory, "
    "and a step of the head would try to walk back through it. Nothing in the body is to learn, "
    "so run it without autograd.",
)
def records_the_graph(body, images, batch_size):
    was_training = body.training
    body.eval()
    cache = torch.cat([body(batch) for batch in images.split(batch_size)])
    body.train(was_training)
    return cache


@mistake(
    exercise="precompute",
    loses=["precompute_parity", "precompute_graph"],
    hint="The last, smaller batch is left out, so the cache has fewer rows than there are images, "
    "and labels no longer fit. 7 images in batches of 3 are 3 + 3 + 1.",
)
def drops_the_last_batch(body, images, batch_size):
    was_training = body.training
    body.eval()
    full = len(images) // batch_size
    with torch.no_grad():
        parts = [body(images[k * batch_size : (k + 1) * batch_size]) for k in range(full)]
    body.train(was_training)
    return torch.cat(parts)


@mistake(
    exercise="precompute",
    loses=["precompute_batches"],
    hint="All images go through the body at once, whatever batch_size says. With 24 pictures "
    "nobody notices; with 24,000 the memory is gone. Run so many at a time, and put the parts "
    "together.",
)
def all_images_at_once(body, images, batch_size):
    was_training = body.training
    body.eval()
    with torch.no_grad():
        cache = body(images)
    body.train(was_training)
    return cache


@mistake(
    exercise="precompute",
    loses=["precompute_parity", "precompute_graph"],
    hint="The rows come back in another order than the images, as from a loader that shuffles. The "
    "labels stay where they are, so most rows now have somebody else's label. Shuffle later, "
    "features and labels together.",
)
def shuffles_the_rows(body, images, batch_size):
    was_training = body.training
    body.eval()
    order = torch.randperm(len(images), generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        parts = [body(batch) for batch in images[order].split(batch_size)]
    body.train(was_training)
    return torch.cat(parts)


# --- 3 pick_rate -------------------------------------------------------------------------


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_table", "pick_rate_dense", "pick_rate_breaks"],
    hint="You return the rate with the lowest loss itself. There the loss has just stopped "
    "improving, and one more step leads over the cliff: the rule takes a tenth of that rate.",
)
def rate_at_the_minimum(rates, losses):
    broken = np.flatnonzero(~np.isfinite(losses))
    end = broken[0] if len(broken) else len(losses)
    return float(rates[np.argmin(losses[:end])])


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_table"],
    hint="You look for the smallest number in the whole curve and skip only the NaN. After the "
    "explosion the network is broken, and a low loss there means nothing: nothing counts from the "
    "first loss on that is not finite.",
)
def skips_only_the_nan(rates, losses):
    end = np.flatnonzero(np.isinf(losses))
    return float(rates[np.nanargmin(losses[: end[0] if len(end) else None])] / 10)


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_table", "pick_rate_breaks"],
    hint="np.argmin takes a NaN for the smallest of all, so you end up at the explosion itself. "
    "Cut the curve before its first loss that is not finite, and only then look for the lowest.",
)
def argmin_with_nan(rates, losses):
    return float(rates[np.argmin(losses)] / 10)


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_breaks"],
    hint="You cut at NaN, but an infinite loss is an explosion too, and what comes after it counts "
    "for nothing. Ask whether a loss is finite.",
)
def cuts_only_at_nan(rates, losses):
    broken = np.flatnonzero(np.isnan(losses))
    end = broken[0] if len(broken) else len(losses)
    return float(rates[np.argmin(losses[:end])] / 10)


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_dense", "pick_rate_breaks"],
    hint="You go one position to the left of the minimum. That is a tenth of the rate only on a grid "
    "that grows tenfold with each step; a range test has finer ones. Divide the rate.",
)
def one_position_to_the_left(rates, losses):
    broken = np.flatnonzero(~np.isfinite(losses))
    end = broken[0] if len(broken) else len(losses)
    return float(rates[max(int(np.argmin(losses[:end])) - 1, 0)])


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_table", "pick_rate_dense", "pick_rate_breaks"],
    hint="You return a tenth of the lowest loss. The loss tells you where to look; what is wanted is "
    "the rate that stands at that position.",
)
def a_tenth_of_the_loss(rates, losses):
    broken = np.flatnonzero(~np.isfinite(losses))
    end = broken[0] if len(broken) else len(losses)
    return float(np.min(losses[:end]) / 10)


@mistake(
    exercise="pick_rate",
    loses=["pick_rate_table", "pick_rate_dense", "pick_rate_breaks"],
    hint="You take the steepest fall between two neighbours. That is another rule, bold and fickle "
    "on noisy curves; here a tenth of the rate with the lowest loss is asked for.",
)
def at_the_steepest_fall(rates, losses):
    broken = np.flatnonzero(~np.isfinite(losses))
    end = broken[0] if len(broken) else len(losses)
    return float(rates[np.argmin(np.diff(losses[:end]))])


# --- 4 train_head ------------------------------------------------------------------------


@mistake(
    exercise="train_head",
    loses=["train_head_steps", "train_head_inputs"],
    hint="The gradients are never cleared, and PyTorch adds each new one to those before. So every "
    "step also follows all the batches that went before it, with full weight.",
)
def never_clears_the_gradient(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    losses = []
    for batch in batches:
        loss = F.cross_entropy(head(features[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@mistake(
    exercise="train_head",
    loses=["train_head_inputs"],
    hint="The gradients are cleared only after the step, so what somebody else left in the head "
    "before the call goes into your first one. Clear them before you compute new ones.",
)
def clears_after_the_step(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    losses = []
    for batch in batches:
        loss = F.cross_entropy(head(features[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


@mistake(
    exercise="train_head",
    loses=["train_head_learns", "train_head_steps"],
    hint="Each step makes a new optimizer, and with it forgets the momentum, which lives there. "
    "What is left is plain gradient descent. Make one optimizer before the loop.",
)
def an_optimizer_for_each_step(head, features, labels, batches, rate):
    losses = []
    for batch in batches:
        optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
        loss = F.cross_entropy(head(features[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@mistake(
    exercise="train_head",
    loses=["train_head_learns", "train_head_steps"],
    hint="The features are picked by the batch, but the labels are taken from the top of the list. "
    "Rows and labels must be picked by the same positions, or each row is taught somebody else's "
    "class.",
)
def labels_from_the_top(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    losses = []
    for batch in batches:
        loss = F.cross_entropy(head(features[batch]), labels[: len(batch)])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


@mistake(
    exercise="train_head",
    loses=["train_head_by_hand", "train_head_learns", "train_head_steps"],
    hint="The losses that you return were measured after the step, so the very first one is not "
    "what an untrained head costs, ln C. Note the loss that the gradient was computed from.",
)
def loss_after_the_step(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    losses = []
    for batch in batches:
        loss = F.cross_entropy(head(features[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(F.cross_entropy(head(features[batch]), labels[batch]).item())
    return losses


@mistake(
    exercise="train_head",
    loses=["train_head_learns", "train_head_steps"],
    hint="You add the losses of the batch up instead of taking their mean. A batch of six then takes "
    "a step six times as long, and the best rate depends on the size of the batch.",
)
def sum_over_the_batch(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    losses = []
    for batch in batches:
        loss = F.cross_entropy(head(features[batch]), labels[batch], reduction="sum")
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


# --- 5 few_label_accuracies --------------------------------------------------------------


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_rows", "few_label_more_is_better"],
    hint="You draw from all rows together, so some classes get more and some get nothing, and a "
    "class without a row cannot be learnt at all. Draw the same number within each class.",
)
def draws_from_all_classes(train, valid, per_letter, seeds, fit):
    accuracies = []
    for seed in seeds:
        choose = np.random.default_rng(seed).choice
        classes = len(np.unique(train[1]))
        chosen = choose(len(train[1]), per_letter * classes, replace=False)
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_rows"],
    hint="Some rows are drawn twice: choice repeats unless it is told not to. A picture that is "
    "there twice is one label fewer, and the accuracy comes out a little too low.",
)
def draws_with_repetition(train, valid, per_letter, seeds, fit):
    accuracies = []
    for seed in seeds:
        choose = np.random.default_rng(seed).choice
        chosen = np.concatenate(
            [choose(np.flatnonzero(train[1] == c), per_letter) for c in np.unique(train[1])]
        )
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_more_is_better", "few_label_seeds"],
    hint="Every seed gets the same rows: you always take the first ones of each class. All "
    "accuracies are then equal, and the spread that you were to measure is 0.",
)
def always_the_first_rows(train, valid, per_letter, seeds, fit):
    accuracies = []
    for _ in seeds:
        rows = [np.flatnonzero(train[1] == c)[:per_letter] for c in np.unique(train[1])]
        chosen = np.concatenate(rows)
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_seeds"],
    hint="There is one generator for all seeds, so what a seed draws depends on the seeds before it. "
    "Nobody can repeat a single one of your runs. Make a new generator for each seed.",
)
def one_generator_for_all(train, valid, per_letter, seeds, fit):
    choose = np.random.default_rng(0).choice
    accuracies = []
    for _ in seeds:
        chosen = np.concatenate(
            [
                choose(np.flatnonzero(train[1] == c), per_letter, replace=False)
                for c in np.unique(train[1])
            ]
        )
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_seeds"],
    hint="You seed NumPy's global generator. That gives the right numbers here and changes everybody "
    "else's: whoever drew from it before gets other numbers after your call.",
)
def seeds_the_global_generator(train, valid, per_letter, seeds, fit):
    accuracies = []
    for seed in seeds:
        np.random.seed(seed)
        chosen = np.concatenate(
            [
                np.random.choice(np.flatnonzero(train[1] == c), per_letter, replace=False)
                for c in np.unique(train[1])
            ]
        )
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_rows", "few_label_more_is_better", "few_label_accuracy"],
    hint="You measure on the very rows that the head was trained on. It knows those by heart; the "
    "accuracy says nothing about pictures that it has not seen. Measure on the validation rows.",
)
def measures_on_the_training_rows(train, valid, per_letter, seeds, fit):
    accuracies = []
    for seed in seeds:
        choose = np.random.default_rng(seed).choice
        chosen = np.concatenate(
            [
                choose(np.flatnonzero(train[1] == c), per_letter, replace=False)
                for c in np.unique(train[1])
            ]
        )
        predict = fit(train[0][chosen], train[1][chosen])
        accuracies.append(float(np.mean(predict(train[0][chosen]) == train[1][chosen])))
    return accuracies


@mistake(
    exercise="few_label_accuracies",
    loses=["few_label_rows"],
    hint="Training and validation rows are put together before the draw, so the head may be trained "
    "on rows that it is then examined on. That is leakage: the accuracy flatters, and the more so "
    "the more rows are drawn.",
)
def pools_everything_first(train, valid, per_letter, seeds, fit):
    features = np.concatenate([train[0], valid[0]])
    labels = np.concatenate([train[1], valid[1]])
    accuracies = []
    for seed in seeds:
        choose = np.random.default_rng(seed).choice
        chosen = np.concatenate(
            [
                choose(np.flatnonzero(labels == c), per_letter, replace=False)
                for c in np.unique(labels)
            ]
        )
        predict = fit(features[chosen], labels[chosen])
        accuracies.append(float(np.mean(predict(valid[0]) == valid[1])))
    return accuracies


# --- 6 train_augmented -------------------------------------------------------------------


@mistake(
    exercise="train_augmented",
    loses=["augmented_views"],
    hint="The views are drawn once, before the loops, and then used in every epoch. That is a "
    "precomputed data set again. Fresh views are the point of step 4: draw them for each batch.",
)
def views_drawn_only_once(model, images, labels, epochs, rate, augment, generator):
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    views, rates = augment(images, generator), []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
            optimizer.param_groups[0]["lr"] = now
            with torch.no_grad():
                features = model.body(views[batch])
            loss = F.cross_entropy(model.head(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_rates", "augmented_head"],
    hint="The rate changes once for each epoch. In this recipe an epoch is a whole cycle, so the "
    "rate falls with every batch, from the full rate to nearly 0, and each epoch starts over.",
)
def rate_for_each_epoch(model, images, labels, epochs, rate, augment, generator):
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for epoch, batches in enumerate(epochs):
        now = rate * (1 + math.cos(math.pi * epoch / len(epochs))) / 2
        optimizer.param_groups[0]["lr"] = now
        for batch in batches:
            with torch.no_grad():
                features = model.body(augment(images[batch], generator))
            loss = F.cross_entropy(model.head(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_rates", "augmented_head"],
    hint="One long cosine runs over all epochs. With cycle_len = 1 each epoch is a cycle of its own: "
    "at its first batch the rate is back at the top.",
)
def one_cosine_for_everything(model, images, labels, epochs, rate, augment, generator):
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    batches, rates = [batch for each in epochs for batch in each], []
    for t, batch in enumerate(batches):
        now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
        optimizer.param_groups[0]["lr"] = now
        with torch.no_grad():
            features = model.body(augment(images[batch], generator))
        loss = F.cross_entropy(model.head(features), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_rates", "augmented_head"],
    hint="Your cosine ends at exactly 0, so the last batch of each epoch teaches nothing. With n "
    "batches the fraction is t / n, not t / (n - 1): 1, 0.854, 0.5, 0.146 for four of them.",
)
def cosine_down_to_zero(model, images, labels, epochs, rate, augment, generator):
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / (len(batches) - 1))) / 2
            optimizer.param_groups[0]["lr"] = now
            with torch.no_grad():
                features = model.body(augment(images[batch], generator))
            loss = F.cross_entropy(model.head(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_head"],
    hint="You compute the rate of each step and write it down, but the optimizer never hears of it and "
    "goes on at the full rate. It reads the rate from its parameter groups.",
)
def rate_never_reaches_the_optimizer(model, images, labels, epochs, rate, augment, generator):
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
            with torch.no_grad():
                features = model.body(augment(images[batch], generator))
            loss = F.cross_entropy(model.head(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_head", "augmented_body"],
    hint="The body runs in training mode. None of its weights learns, and yet its batch "
    "normalisation uses the batch's own mean and moves the running averages: the frozen body is "
    "not frozen. It has to be in evaluation mode.",
)
def body_in_training_mode(model, images, labels, epochs, rate, augment, generator):
    model.train()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
            optimizer.param_groups[0]["lr"] = now
            loss = F.cross_entropy(model(augment(images[batch], generator)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_head", "augmented_body"],
    hint="The optimizer holds all parameters of the model, so the body learns too. In step 4 it "
    "is still frozen: give the optimizer the head's parameters alone.",
)
def trains_the_body_too(model, images, labels, epochs, rate, augment, generator):
    model.eval()
    optimizer = torch.optim.SGD(model.parameters(), lr=rate, momentum=0.9)
    rates = []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
            optimizer.param_groups[0]["lr"] = now
            loss = F.cross_entropy(model(augment(images[batch], generator)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_augmented",
    loses=["augmented_views"],
    hint="Views are drawn from a generator of your own with a fixed seed, and the one that was "
    "handed in is ignored. Then every call of your function, whatever its seed, sees the same views.",
)
def a_generator_of_its_own(model, images, labels, epochs, rate, augment, generator):
    own = torch.Generator().manual_seed(0)
    model.body.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for batches in epochs:
        for t, batch in enumerate(batches):
            now = rate * (1 + math.cos(math.pi * t / len(batches))) / 2
            optimizer.param_groups[0]["lr"] = now
            with torch.no_grad():
                features = model.body(augment(images[batch], own))
            loss = F.cross_entropy(model.head(features), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rates.append(now)
    return rates


# --- 7 freeze_to -------------------------------------------------------------------------


@mistake(
    exercise="freeze_to",
    loses=["freeze_head_only", "freeze_between", "freeze_holds"],
    hint="The parameters are right, but the batch normalisation of frozen groups stays in training "
    "mode. It then normalises with each batch's own mean, and its running averages move with "
    "every forward pass, without any gradient.",
)
def batch_normalisation_stays_awake(groups, n):
    first = n + len(groups) if n < 0 else n
    for position, group in enumerate(groups):
        for parameter in group.parameters():
            parameter.requires_grad_(position >= first)
            if position < first:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_head_only", "freeze_between", "freeze_holds"],
    hint="-1 is compared with positions as it stands, and every position is greater than -1, so "
    "nothing is frozen. A negative number counts from the end: turn it into a position first.",
)
def negative_numbers_freeze_nothing(groups, n):
    for position, group in enumerate(groups):
        group.train(position >= n)
        for parameter in group.parameters():
            parameter.requires_grad_(position >= n)
            if position < n:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_between"],
    hint="Freezing everything comes out as freezing nothing: taken modulo the number of groups, 4 "
    "becomes 0. Only negative numbers need to be converted.",
)
def modulo_the_number_of_groups(groups, n):
    first = n % len(groups)
    for position, group in enumerate(groups):
        group.train(position >= first)
        for parameter in group.parameters():
            parameter.requires_grad_(position >= first)
            if position < first:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_and_unfreeze", "freeze_between"],
    hint="You freeze, but you never thaw: a group that was frozen before and is to learn now stays as "
    "it was. Set both, requires_grad and the mode, in either direction.",
)
def never_thaws(groups, n):
    first = n + len(groups) if n < 0 else n
    for group in groups[:first]:
        group.eval()
        for parameter in group.parameters():
            parameter.requires_grad_(False)
            parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_and_unfreeze", "freeze_between"],
    hint="A group that learns again has its parameters back, but its batch normalisation is still in "
    "evaluation mode. What learns must also be in training mode.",
)
def batch_normalisation_never_wakes(groups, n):
    first = n + len(groups) if n < 0 else n
    for position, group in enumerate(groups):
        if position < first:
            group.eval()
        for parameter in group.parameters():
            parameter.requires_grad_(position >= first)
            if position < first:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_holds"],
    hint="The frozen parameters still hold the gradient of an earlier backward pass. An optimizer "
    "asks whether there is a gradient, not whether one is required, and so it moves them. Drop it.",
)
def leaves_the_old_gradients(groups, n):
    first = n + len(groups) if n < 0 else n
    for position, group in enumerate(groups):
        group.train(position >= first)
        for parameter in group.parameters():
            parameter.requires_grad_(position >= first)


@mistake(
    exercise="freeze_to",
    loses=["freeze_head_only", "freeze_and_unfreeze", "freeze_between", "freeze_holds"],
    hint="The groups are frozen the wrong way round: those before n learn, and the head rests. The new "
    "head is the part that knows nothing yet.",
)
def freezes_the_head(groups, n):
    first = n + len(groups) if n < 0 else n
    for position, group in enumerate(groups):
        group.train(position < first)
        for parameter in group.parameters():
            parameter.requires_grad_(position < first)
            if position >= first:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_head_only", "freeze_and_unfreeze", "freeze_between", "freeze_holds"],
    hint="Group n itself is frozen too. It is the first one that learns: freezing up to 0 must "
    "freeze nothing.",
)
def freezes_one_too_many(groups, n):
    first = n + len(groups) if n < 0 else n
    for position, group in enumerate(groups):
        group.train(position > first)
        for parameter in group.parameters():
            parameter.requires_grad_(position > first)
            if position <= first:
                parameter.grad = None


# --- 8 parameter_groups ------------------------------------------------------------------


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_by_hand", "group_rates_all", "group_rates_sizes", "group_rates_step"],
    hint="The rates are the wrong way round: the first layers learn fastest and the head slowest. "
    "Early layers hold what serves every alphabet; it is the head that is new.",
)
def largest_rate_first(groups, head_rate, ratio):
    return [
        {"params": list(group.parameters()), "lr": head_rate / ratio**position}
        for position, group in enumerate(groups)
    ]


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_by_hand", "group_rates_all", "group_rates_sizes", "group_rates_step"],
    hint="The head itself is already divided by the ratio. It is 0 steps away from itself, so the last "
    "group gets head_rate as it is.",
)
def head_divided_too(groups, head_rate, ratio):
    return [
        {"params": list(group.parameters()), "lr": head_rate / ratio ** (len(groups) - position)}
        for position, group in enumerate(groups)
    ]


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_by_hand", "group_rates_all", "group_rates_sizes", "group_rates_step"],
    hint="The rates rise in equal steps: you divide by ratio times the distance from the head. Each group's "
    "rate is the next one's divided by the ratio, so the ratio is raised to a power.",
)
def ratio_times_the_distance(groups, head_rate, ratio):
    last = len(groups) - 1
    return [
        {"params": list(group.parameters()), "lr": head_rate / max(ratio * (last - position), 1)}
        for position, group in enumerate(groups)
    ]


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_by_hand", "group_rates_all", "group_rates_sizes", "group_rates_step"],
    hint="The head is in none of the groups. An optimizer trains what it is given and says nothing about "
    "the rest, so the new head would stay as random as it is.",
)
def without_the_head(groups, head_rate, ratio):
    last = len(groups) - 1
    return [
        {"params": list(group.parameters()), "lr": head_rate / ratio ** (last - position)}
        for position, group in enumerate(groups[:-1])
    ]


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_by_hand", "group_rates_all", "group_rates_sizes", "group_rates_step"],
    hint="All groups before the head share one rate. The rule goes on from layer to layer: each "
    "earlier group learns more slowly than the next one.",
)
def one_rate_for_the_body(groups, head_rate, ratio):
    last = len(groups) - 1
    return [
        {"params": list(group.parameters()), "lr": head_rate / ratio ** (position < last)}
        for position, group in enumerate(groups)
    ]


@mistake(
    exercise="parameter_groups",
    loses=["group_rates_all", "group_rates_step"],
    hint="Only the first parameter of each group is handed on. Biases and batch normalisation are "
    "in no group then, and are silently never trained.",
)
def only_the_first_parameter(groups, head_rate, ratio):
    last = len(groups) - 1
    return [
        {"params": [next(group.parameters())], "lr": head_rate / ratio ** (last - position)}
        for position, group in enumerate(groups)
    ]


# --- 9 fit_until_overfitting -------------------------------------------------------------


@mistake(
    exercise="fit_until_overfitting",
    loses=["stops_and_restores", "ties_and_nan", "measures_the_model"],
    hint="You stop in time, but the model is left as the last cycle made it, the one that overfitted. "
    "Either the best weights are never put back, or what you kept is no copy: the tensors of "
    "a state_dict are the model's own, and the next cycle trains them too.",
)
def keeps_no_copy(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept, epochs = [], math.inf, None, 1
    for _ in range(most_cycles):
        run_cycle(model, epochs)
        losses.append(valid_loss(model))
        if not losses[-1] < best:
            break
        best, kept = losses[-1], model.state_dict()
        epochs *= 2
    model.load_state_dict(kept)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["stops_and_restores", "ties_and_nan"],
    hint="The weights come back, but the running averages of batch normalisation do not: they are "
    "buffers, not parameters. The network that you leave behind never existed.",
)
def restores_parameters_only(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept, epochs = [], math.inf, None, 1
    for _ in range(most_cycles):
        run_cycle(model, epochs)
        losses.append(valid_loss(model))
        if not losses[-1] < best:
            break
        best, kept = losses[-1], [p.detach().clone() for p in model.parameters()]
        epochs *= 2
    with torch.no_grad():
        for parameter, saved in zip(model.parameters(), kept, strict=True):
            parameter.copy_(saved)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["stops_and_restores", "runs_to_the_end", "ties_and_nan"],
    hint="Your cycles grow by one epoch each: 1, 2, 3, 4. With cycle_mult = 2 each is twice as long "
    "as the one before.",
)
def cycles_grow_by_one(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept = [], math.inf, None
    for cycle in range(most_cycles):
        run_cycle(model, cycle + 1)
        losses.append(valid_loss(model))
        if not losses[-1] < best:
            break
        best, kept = losses[-1], copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["ties_and_nan"],
    hint="A loss that is equal to the best counts as progress with you, so training goes on, twice as "
    "long, for nothing. Only a lower loss is an improvement.",
)
def a_tie_is_progress(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept, epochs = [], math.inf, None, 1
    for _ in range(most_cycles):
        run_cycle(model, epochs)
        losses.append(valid_loss(model))
        if not losses[-1] <= best:
            break
        best, kept = losses[-1], copy.deepcopy(model.state_dict())
        epochs *= 2
    model.load_state_dict(kept)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["ties_and_nan"],
    hint="A loss that is NaN slips through: every comparison with NaN is false, so asking whether the "
    "loss got worse says no. Ask whether it got better, and stop if it did not.",
)
def nan_slips_through(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept, epochs = [], math.inf, None, 1
    for _ in range(most_cycles):
        run_cycle(model, epochs)
        losses.append(valid_loss(model))
        if losses[-1] >= best:
            break
        best, kept = losses[-1], copy.deepcopy(model.state_dict())
        epochs *= 2
    model.load_state_dict(kept)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["stops_and_restores", "ties_and_nan", "measures_the_model"],
    hint="The last loss, that of the cycle which overfitted, is missing from the list. Whoever reads "
    "it cannot see why you stopped.",
)
def leaves_out_the_last_loss(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept, epochs = [], math.inf, None, 1
    for _ in range(most_cycles):
        run_cycle(model, epochs)
        loss = valid_loss(model)
        if not loss < best:
            break
        losses.append(loss)
        best, kept = loss, copy.deepcopy(model.state_dict())
        epochs *= 2
    model.load_state_dict(kept)
    return losses


@mistake(
    exercise="fit_until_overfitting",
    loses=["stops_and_restores", "ties_and_nan", "measures_the_model"],
    hint="You restore the best, but you do not stop: all cycles are run, each twice as long as the one "
    "before. Until it overfits means that the first cycle without an improvement is the last one.",
)
def never_stops(model, run_cycle, valid_loss, most_cycles):
    losses, best, kept = [], math.inf, None
    for cycle in range(most_cycles):
        run_cycle(model, 2**cycle)
        losses.append(valid_loss(model))
        if losses[-1] < best:
            best, kept = losses[-1], copy.deepcopy(model.state_dict())
    model.load_state_dict(kept)
    return losses


# --- 10 tta_probabilities ----------------------------------------------------------------


@mistake(
    exercise="tta_probabilities",
    loses=["tta_by_hand", "tta_many_views"],
    hint="You average the scores and take the softmax afterwards. Then a view that is very sure "
    "outvotes the others: 0.839 instead of 0.825 in the example. Softmax first, mean second.",
)
def mean_of_the_scores(model, images, augment, copies, generator):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        mean = sum(model(view) for view in views) / len(views)
    for module, training in modes:
        module.training = training
    return mean.softmax(dim=1)


@mistake(
    exercise="tta_probabilities",
    loses=["tta_by_hand", "tta_without_views", "tta_many_views"],
    hint="The picture itself is left out: only its views are averaged. With copies = 0 there is nothing "
    "left, and of all views the original is the one that is surely undistorted.",
)
def without_the_original(model, images, augment, copies, generator):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        views = [augment(images, generator) for _ in range(copies)]
        total = sum(model(view).softmax(dim=1) for view in views)
    for module, training in modes:
        module.training = training
    return total / copies


@mistake(
    exercise="tta_probabilities",
    loses=["tta_by_hand", "tta_without_views", "tta_many_views"],
    hint="The sum has copies + 1 terms, the picture and its views, but you divide by copies. The rows "
    "then add up to more than 1, and are no probabilities.",
)
def divides_by_the_copies(model, images, augment, copies, generator):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        total = sum(model(view).softmax(dim=1) for view in views)
    for module, training in modes:
        module.training = training
    return total / copies


@mistake(
    exercise="tta_probabilities",
    loses=["tta_by_hand", "tta_many_views"],
    hint="A quarter for the picture and three quarters for the mean of its views is fastai 2's "
    "weighting. Here, as in the lecture, the picture and all views count alike.",
)
def weights_of_fastai_2(model, images, augment, copies, generator):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        original = model(images).softmax(dim=1)
        views = [model(augment(images, generator)).softmax(dim=1) for _ in range(copies)]
    for module, training in modes:
        module.training = training
    return 0.25 * original + 0.75 * sum(views) / copies if views else original


@mistake(
    exercise="tta_probabilities",
    loses=["tta_modes"],
    hint="At the end the whole model is put into training mode. Layers that were at rest, like the "
    "frozen ones of step 5, are woken up by that. Give each module back the mode that it had.",
)
def back_to_training_mode(model, images, augment, copies, generator):
    model.eval()
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        total = sum(model(view).softmax(dim=1) for view in views)
    model.train()
    return total / len(views)


@mistake(
    exercise="tta_probabilities",
    loses=["tta_modes"],
    hint="You remember one mode for the whole model. After step 5 a model is a mixture: itself in "
    "training mode, its frozen layers at rest. Each module needs its own mode back.",
)
def one_mode_for_all_layers(model, images, augment, copies, generator):
    training = model.training
    model.eval()
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        total = sum(model(view).softmax(dim=1) for view in views)
    model.train(training)
    return total / len(views)


@mistake(
    exercise="tta_probabilities",
    loses=["tta_modes"],
    hint="The model is left in evaluation mode, also if it was training. A function that predicts "
    "should not change how training goes on.",
)
def stays_in_evaluation_mode(model, images, augment, copies, generator):
    model.eval()
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        total = sum(model(view).softmax(dim=1) for view in views)
    return total / len(views)


@mistake(
    exercise="tta_probabilities",
    loses=["tta_many_views"],
    hint="The model predicts in the mode that it happens to be in, here training: batch "
    "normalisation uses the batch, and its running averages move although you only look.",
)
def predicts_in_training_mode(model, images, augment, copies, generator):
    with torch.no_grad():
        views = [images, *(augment(images, generator) for _ in range(copies))]
        return sum(model(view).softmax(dim=1) for view in views) / len(views)


@mistake(
    exercise="tta_probabilities",
    loses=["tta_many_views"],
    hint="Each view is a view of the view before, so the fourth has been moved four times. A view is "
    "always drawn from the picture itself.",
)
def views_of_views(model, images, augment, copies, generator):
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    with torch.no_grad():
        view, total = images, model(images).softmax(dim=1)
        for _ in range(copies):
            view = augment(view, generator)
            total = total + model(view).softmax(dim=1)
    for module, training in modes:
        module.training = training
    return total / (copies + 1)
