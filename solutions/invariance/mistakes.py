"""Known wrong answers of `invariance`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not define (`moved`) are those of the notebook's
setup cells, beside which it runs.
"""

# ruff: noqa: F821

import numpy as np
import torch
import torch.nn.functional as F

from grader.mistakes import mistake

# --- 1 shift -----------------------------------------------------------------------------


@mistake(
    exercise="shift",
    loses=["shift_by_hand", "shift_batch", "shift_round"],
    hint="Your images move up and to the left. The formula says where each pixel comes *from*: to "
    "move down, row r has to fetch from further up, so dy is subtracted, not added.",
)
def shifts_up_and_left(images, dy, dx):
    height, width = images.shape[-2:]
    rows = (torch.arange(height) + dy) % height
    columns = (torch.arange(width) + dx) % width
    return images[..., rows[:, None], columns]


@mistake(
    exercise="shift",
    loses=["shift_by_hand", "shift_batch", "shift_round"],
    hint="Down and right have changed places: dy belongs to the rows, which are the last axis but "
    "one, and dx to the columns, the last axis. (Screens say x first, tables say rows first.)",
)
def shift_swaps_down_and_right(images, dy, dx):
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - dx) % height
    columns = (torch.arange(width) - dy) % width
    return images[..., rows[:, None], columns]


@mistake(
    exercise="shift",
    loses=["shift_by_hand", "shift_batch", "shift_round"],
    hint="What leaves on one side is lost in your version, and zeros come in on the other. Our canvas "
    "is a circle: it must come back, or a shift could not be undone.",
)
def shifts_in_zeros(images, dy, dx):
    height, width = images.shape[-2:]
    rows = torch.arange(height) - dy
    columns = torch.arange(width) - dx
    inside = ((rows >= 0) & (rows < height))[:, None] & (columns >= 0) & (columns < width)
    return images[..., rows[:, None] % height, columns % width] * inside


@mistake(
    exercise="shift",
    loses=["shift_batch"],
    hint="Right for a single table, but in a batch you move along the first two axes: images change "
    "places with each other, and colours too. Height and width are the *last* two axes.",
)
def shifts_the_first_two_axes(images, dy, dx):
    height, width = images.shape[:2]
    rows = (torch.arange(height) - dy) % height
    columns = (torch.arange(width) - dx) % width
    return images[rows][:, columns]


@mistake(
    exercise="shift",
    loses=["shift_round"],
    hint="Cutting the image in two and putting the pieces together the other way round works as long "
    "as the shift is smaller than the image. Seven rows down on a canvas of three is once round, "
    "twice round, and one more: the modulo is what takes care of that.",
)
def shift_cuts_without_modulo(images, dy, dx):
    down = torch.cat([images[..., -dy:, :], images[..., :-dy, :]], dim=-2)
    return torch.cat([down[..., -dx:], down[..., :-dx]], dim=-1)


@mistake(
    exercise="shift",
    loses=["shift_by_hand", "shift_batch", "shift_round"],
    hint="You move the image as one long row of pixels, so what leaves a row on the right comes back "
    "in the *next* row. Each row has to close into a circle of its own.",
)
def shifts_one_long_row(images, dy, dx):
    height, width = images.shape[-2:]
    places = (torch.arange(height * width) - dy * width - dx) % (height * width)
    return images.flatten(-2)[..., places].reshape(images.shape)


@mistake(
    exercise="shift",
    loses=["shift_by_hand", "shift_batch", "shift_round"],
    hint="The columns are taken modulo the height. It shows in every image that is not square: the "
    "columns go round a circle of the width.",
)
def shift_takes_columns_modulo_the_height(images, dy, dx):
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - dy) % height
    columns = (torch.arange(width) - dx) % height % width
    return images[..., rows[:, None], columns]


@mistake(
    exercise="shift",
    loses=["shift_input"],
    hint="The result is right, but the caller's images have moved too: you write into the tensor "
    "that was handed in. Whoever compares before and after would find no difference. Return a new "
    "one.",
)
def shifts_the_callers_images(images, dy, dx):
    height, width = images.shape[-2:]
    rows = (torch.arange(height) - dy) % height
    columns = (torch.arange(width) - dx) % width
    images[...] = images[..., rows[:, None], columns]
    return images


# --- 2 equivariance_error ----------------------------------------------------------------


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_by_hand", "equivariance_stride", "equivariance_zero_padding"],
    hint="You compare with the output *where it was*. That asks whether the layer is invariant. "
    "Equivariant is the layer whose output has moved along, so the plain output must be moved "
    "before you subtract.",
)
def measures_invariance_instead(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - output
    return float(difference.norm() / output.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_stride"],
    hint="You move the output by as many pixels as the input. After a stride of 2, two pixels of the "
    "input are one of the output, so the output has moved half as far.",
)
def moves_the_output_too_far(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, dy, dx)
    return float(difference.norm() / output.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_by_hand", "equivariance_stride", "equivariance_zero_padding"],
    hint="You move the output the other way. The input goes down and right, so an equivariant output "
    "goes down and right as well.",
)
def moves_the_output_back(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, -dy // stride, -dx // stride)
    return float(difference.norm() / output.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_by_hand", "equivariance_zero_padding"],
    hint="The difference is divided by the length of the *images*. A layer that doubles everything "
    "would look twice as bad; relative to its own output it is the same.",
)
def error_relative_to_the_input(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    difference = layer(moved(images, dy, dx)) - moved(layer(images), dy // stride, dx // stride)
    return float(difference.norm() / images.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_by_hand", "equivariance_zero_padding"],
    hint="The difference is not divided by anything, so the number depends on the size of the "
    "weights. The definition is relative to the length of the output.",
)
def error_that_is_not_relative(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    difference = layer(moved(images, dy, dx)) - moved(layer(images), dy // stride, dx // stride)
    return float(difference.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_by_hand", "equivariance_zero_padding"],
    hint="The root is missing: you divide one sum of squares by another, and get the square of the "
    "error. In the example that is 25/52 instead of 5 / √52.",
)
def error_without_the_root(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, dy // stride, dx // stride)
    return float((difference**2).sum() / (output**2).sum())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_odd_shift"],
    hint="A shift that the stride does not divide is quietly rounded. There is no shift of the output "
    "that would match it, so an error computed all the same means nothing: refuse it, as the "
    "docstring says.",
)
def rounds_an_odd_shift(layer, images, by, stride=1):
    dy, dx = by
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, dy // stride, dx // stride)
    return float(difference.norm() / output.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_odd_shift"],
    hint="You refuse a shift only when the stride divides *neither* part of it. One part that does "
    "not fit is enough: (0, 1) has no counterpart in the output either.",
)
def refuses_only_when_both_are_odd(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride and dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images)
    difference = layer(moved(images, dy, dx)) - moved(output, dy // stride, dx // stride)
    return float(difference.norm() / output.norm())


@mistake(
    exercise="equivariance_error",
    loses=["equivariance_zero_padding"],
    hint="You compute the error of each image and average the errors. The definition takes one "
    "length of everything, and divides once; images with a large output then count for more.",
)
def averages_the_errors_of_the_images(layer, images, by, stride=1):
    dy, dx = by
    if dy % stride or dx % stride:
        raise ValueError(f"{stride} does not divide {by}")
    output = layer(images).flatten(1)
    difference = layer(moved(images, dy, dx)) - moved(layer(images), dy // stride, dx // stride)
    return float((difference.flatten(1).norm(dim=1) / output.norm(dim=1)).mean())


# --- 3 accuracy_by_shift -----------------------------------------------------------------


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_evaluation_mode", "accuracy_mode_restored"],
    hint="The network is measured in whatever mode it arrives in. In training mode, batch "
    "normalisation uses the statistics of the very images that you test with, and its running means "
    "take a step towards them: the measurement changes what is measured. Switch to evaluation "
    "first.",
)
def measures_in_training_mode(model, images, labels, shifts):
    with torch.no_grad():
        return [
            float((model(moved(images, dy, dx)).argmax(dim=1) == labels).float().mean())
            for dy, dx in shifts
        ]


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_mode_restored"],
    hint="The numbers are right, but the network goes back in evaluation mode even if it came in "
    "training mode. A training loop that measures in between would go on with frozen batch "
    "normalisation, and nobody would notice.",
)
def leaves_it_in_evaluation_mode(model, images, labels, shifts):
    model.eval()
    with torch.no_grad():
        return [
            float((model(moved(images, dy, dx)).argmax(dim=1) == labels).float().mean())
            for dy, dx in shifts
        ]


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_mode_restored"],
    hint="You always hand the network back in training mode. If it came in evaluation mode, the next "
    "one to use it gets other answers than before: put back the mode that you found.",
)
def always_back_to_training_mode(model, images, labels, shifts):
    model.eval()
    with torch.no_grad():
        accuracies = [
            float((model(moved(images, dy, dx)).argmax(dim=1) == labels).float().mean())
            for dy, dx in shifts
        ]
    model.train()
    return accuracies


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_by_hand", "accuracy_directions", "accuracy_evaluation_mode"],
    hint="You return how many images are right; accuracy is their share. Divide by N, so that it can "
    "be compared between sets of different sizes.",
)
def counts_the_right_ones(model, images, labels, shifts):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        counts = [
            int((model(moved(images, dy, dx)).argmax(dim=1) == labels).sum()) for dy, dx in shifts
        ]
    model.train(was_training)
    return counts


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_directions"],
    hint="You compare with what the network says about the images where they were, not with the "
    "labels. That is agreement, the subject of the next exercise; a network that is always wrong in "
    "the same way would get 100 %.",
)
def compares_with_the_unmoved_answer(model, images, labels, shifts):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        plain = model(images).argmax(dim=1)
        accuracies = [
            float((model(moved(images, dy, dx)).argmax(dim=1) == plain).float().mean())
            for dy, dx in shifts
        ]
    model.train(was_training)
    return accuracies


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_by_hand", "accuracy_directions"],
    hint="Your shifts add up: each one moves images that the one before has moved already. Start "
    "from the images as they were handed in, every time.",
)
def moves_on_from_the_last_shift(model, images, labels, shifts):
    was_training = model.training
    model.eval()
    accuracies = []
    with torch.no_grad():
        for dy, dx in shifts:
            images = moved(images, dy, dx)
            accuracies.append(float((model(images).argmax(dim=1) == labels).float().mean()))
    model.train(was_training)
    return accuracies


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_by_hand", "accuracy_directions"],
    hint="The pair is unpacked the wrong way round: it is (dy, dx), first down, then to the right.",
)
def unpacks_dx_first(model, images, labels, shifts):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        accuracies = [
            float((model(moved(images, dy, dx)).argmax(dim=1) == labels).float().mean())
            for dx, dy in shifts
        ]
    model.train(was_training)
    return accuracies


@mistake(
    exercise="accuracy_by_shift",
    loses=["accuracy_by_hand", "accuracy_directions", "accuracy_evaluation_mode"],
    hint="What you return is the share of *wrong* answers, the error rate. Accuracy is 1 minus that.",
)
def returns_the_error_rate(model, images, labels, shifts):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        errors = [
            float((model(moved(images, dy, dx)).argmax(dim=1) != labels).float().mean())
            for dy, dx in shifts
        ]
    model.train(was_training)
    return errors


# --- 4 shift_consistency -----------------------------------------------------------------


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random"],
    hint="You compare every place with the first one only. Nothing is special about the first shift: "
    "the definition draws *both* places by lot, so every place is compared with every place.",
)
def compares_with_the_first_place(predictions):
    table = np.asarray(predictions)
    return float((table == table[0]).mean())


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random", "consistency_constant"],
    hint="You compare neighbours in the list only. The two places are drawn independently, so a jump "
    "from the first shift to the last is as likely as one to the next.",
)
def compares_neighbours(predictions):
    table = np.asarray(predictions)
    return float((table[1:] == table[:-1]).mean())


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random", "consistency_constant"],
    hint="You count only pairs of *different* places. Both are drawn independently here, so with "
    "probability 1/S the second is the same as the first, and those pairs agree.",
)
def leaves_out_equal_places(predictions):
    table = np.asarray(predictions)
    agree = (table[:, None] == table[None]).mean(axis=2)
    places = len(table)
    return float((agree.sum() - places) / (places * (places - 1)))


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random"],
    hint="You return how often the most frequent class comes. The chance that *two* draws agree is "
    "the sum of the squares of all the shares: 8, 3, 3, 3 agrees in (3/4)² + (1/4)².",
)
def share_of_the_most_frequent_class(predictions):
    table = np.asarray(predictions)
    return float(np.mean([np.bincount(column).max() / len(column) for column in table.T]))


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random", "consistency_constant"],
    hint="You count an image only if *all* places agree. Consistency is about two places at a time; "
    "with many shifts, all of them would hardly ever agree.",
)
def demands_that_all_places_agree(predictions):
    table = np.asarray(predictions)
    return float((table == table[0]).all(axis=0).mean())


@mistake(
    exercise="shift_consistency",
    loses=["consistency_by_hand", "consistency_random", "consistency_constant"],
    hint="You compare different *images* at the same place. One image at different places is the "
    "question, so the pairs run over the rows of the table, not over its columns.",
)
def compares_images_with_each_other(predictions):
    table = np.asarray(predictions)
    return float((table[:, :, None] == table[:, None, :]).mean())


# --- 5 max_blur_pool ---------------------------------------------------------------------


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="The stride is in the maximum, and the blur comes after. By then the aliasing has happened, "
    "and no blur brings back what was dropped: maximum without a stride, blur, and only then drop.",
)
def drops_before_the_blur(images):
    pooled = F.max_pool2d(images, 2)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(images.shape[1], 1, 3, 3)
    padded = F.pad(pooled, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, groups=images.shape[1])


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="You blur first and take the maximum afterwards. The maximum puts sharp edges back in, which "
    "the stride then aliases; the blur has to be the last thing before pixels are dropped.",
)
def blurs_before_the_maximum(images):
    channels = images.shape[1]
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    blurred = F.conv2d(F.pad(images, (1, 1, 1, 1), mode="circular"), kernel, groups=channels)
    return F.max_pool2d(F.pad(blurred, (0, 1, 0, 1), mode="circular"), 2, stride=1)[..., ::2, ::2]


@mistake(
    exercise="max_blur_pool",
    loses=[
        "max_blur_by_hand",
        "max_blur_constant",
        "max_blur_random",
        "max_blur_float64",
    ],
    hint="The weights of the blur do not add up to 1, so every pooling makes the image brighter. (1, "
    "2, 1) adds up to 4 in each direction, hence to 16 in both.",
)
def blur_that_is_not_normalised(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (0, 1, 0, 1), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype)
    kernel = (torch.outer(row, row) / 4).expand(channels, 1, 3, 3)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="A box of nine equal weights is a blur, but a poor one: it lets part of the finest stripes "
    "through (a third of them survives, with the sign turned), where (1, 2, 1) / 4 stops them "
    "completely.",
)
def blurs_with_a_box(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (0, 1, 0, 1), mode="circular"), 2, stride=1)
    kernel = torch.full((channels, 1, 3, 3), 1 / 9, dtype=images.dtype)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)


@mistake(
    exercise="max_blur_pool",
    loses=[
        "max_blur_constant",
        "max_blur_random",
        "max_blur_equivariant",
        "max_blur_float64",
    ],
    hint="At the border you blur with zeros from outside, so a grey image gets a dark rim. The canvas "
    "is circular: beyond the last column comes the first.",
)
def blurs_with_zeros_at_the_border(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (0, 1, 0, 1), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    return F.conv2d(dense, kernel, stride=2, padding=1, groups=channels)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="The maximum is missing: you blur the image itself and drop. That is a good way to shrink a "
    "photograph, but a feature that is strong in one pixel only is averaged away.",
)
def blurs_without_the_maximum(images):
    channels = images.shape[1]
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    padded = F.pad(images, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="This is plain max-pooling with stride 2, blur and all are missing. It is the very thing "
    "that makes the sawtooth.",
)
def plain_max_pooling(images):
    return F.max_pool2d(images, 2)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_constant", "max_blur_random", "max_blur_float64"],
    hint="With several channels your blur adds them all up: every channel of the output is a mix of "
    "all. A blur is depthwise, each channel by itself; a convolution does that when it has as many "
    "groups as channels.",
)
def blur_that_mixes_the_channels(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (0, 1, 0, 1), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, channels, 3, 3)
    return F.conv2d(F.pad(dense, (1, 1, 1, 1), mode="circular"), kernel, stride=2)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="You keep the rows and columns 1, 3, 5, ...; the convention here, and of every stride, is to "
    "start with 0.",
)
def keeps_the_odd_pixels(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (0, 1, 0, 1), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, groups=channels)[..., 1::2, 1::2]


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_by_hand", "max_blur_random", "max_blur_float64"],
    hint="Your window for the maximum reaches up and to the left; the convention of this exercise is "
    "down and to the right. The padded row and column belong on the bottom and on the right.",
)
def maximum_up_and_left(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images, (1, 0, 1, 0), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0], dtype=images.dtype) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)


@mistake(
    exercise="max_blur_pool",
    loses=["max_blur_float64"],
    hint="The pooled numbers are right to six digits, but float64 images come out as float32. Somewhere "
    "a kernel or a conversion in float32 decides for all; take the dtype from the images.",
)
def pools_in_float32(images):
    channels = images.shape[1]
    dense = F.max_pool2d(F.pad(images.float(), (0, 1, 0, 1), mode="circular"), 2, stride=1)
    row = torch.tensor([1.0, 2.0, 1.0]) / 4
    kernel = torch.outer(row, row).expand(channels, 1, 3, 3)
    padded = F.pad(dense, (1, 1, 1, 1), mode="circular")
    return F.conv2d(padded, kernel, stride=2, groups=channels)


# --- 6 conv_net_cost ---------------------------------------------------------------------


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="You multiply by the channels after the convolution only. Each tap looks at *every* channel "
    "that comes in, so an activation costs k · k · C products, not k · k.",
)
def cost_without_the_channels_before(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            _, channels, k = numbers
            multiply_adds += height * width * channels * k**2
        else:
            height, width = height // numbers[0], width // numbers[0]
        activations += height * width * channels
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network"],
    hint="A kernel of 3 x 3 has nine taps, not three: k enters squared.",
)
def cost_with_k_taps(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k * before
        else:
            height, width = height // numbers[0], width // numbers[0]
        activations += height * width * channels
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="The activations that pooling puts out are missing. They multiply nothing, but they must be "
    "kept in memory like all others: in the example that is 4 · 4 · 4 = 64.",
)
def forgets_the_output_of_pooling(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
            activations += height * width * channels
        else:
            height, width = height // numbers[0], width // numbers[0]
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="Pooling by S divides the height *and* the width, so S² times fewer pixels are left. Yours "
    "divides one of them.",
)
def pools_one_direction_only(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
        else:
            height = height // numbers[0]
        activations += height * width * channels
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="Every layer is charged as if the image still had its full size. What pooling drops, the "
    "layers after it never see; that is the whole point of the bill.",
)
def cost_at_full_size(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
            activations += height * width * channels
        else:
            activations += height * width * channels // numbers[0] ** 2
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="Both numbers are there, but in the wrong order: activations first, then multiply-adds.",
)
def cost_in_the_wrong_order(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
        else:
            height, width = height // numbers[0], width // numbers[0]
        activations += height * width * channels
    return multiply_adds, activations


@mistake(
    exercise="conv_net_cost",
    loses=["cost_by_hand", "cost_of_a_network", "cost_repeated_pooling"],
    hint="Your second number is twice as large: you count a multiplication and an addition as two "
    "operations (FLOPs). Here a multiply-add is one. Papers use both; always look which.",
)
def counts_flops(layers, height, width):
    activations = flops = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            flops += 2 * height * width * channels * k**2 * before
        else:
            height, width = height // numbers[0], width // numbers[0]
        activations += height * width * channels
    return activations, flops


@mistake(
    exercise="conv_net_cost",
    loses=["cost_of_a_network"],
    hint="Pooling always divides by 2 in your version. The layer says by how much: ('pool', 3) keeps "
    "each third row and column.",
)
def always_pools_by_two(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
        else:
            height, width = height // 2, width // 2
        activations += height * width * channels
    return activations, multiply_adds


@mistake(
    exercise="conv_net_cost",
    loses=["cost_repeated_pooling"],
    hint="The numbers are right, but they come out as floats, 126.0 activations: a single slash makes "
    "a float even where it divides exactly. Counts are whole numbers, and large ones lose their last "
    "digits as floats.",
)
def counts_in_floats(layers, height, width):
    activations = multiply_adds = channels = 0
    for kind, *numbers in layers:
        if kind == "conv":
            before, channels, k = numbers
            multiply_adds += height * width * channels * k**2 * before
        else:
            height, width = height / numbers[0], width / numbers[0]
        activations += height * width * channels
    return activations, multiply_adds


# --- 7 two_yardsticks --------------------------------------------------------------------


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps"],
    hint="The first number is a mean change divided by a mean size. The definition divides image by "
    "image and averages the quotients: (1/10 + 2/5) / 2 is 0.25, while 1.5 / 7.5 is 0.2.",
)
def quotient_of_two_means(features, features_moved):
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    relative = changes.mean() / rows.norm(dim=1).mean()
    return float(relative), float(changes.mean() / torch.pdist(rows).mean())


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps"],
    hint="The distances of images to *themselves* are in your mean. They are all 0, and make the "
    "yardstick too short by a factor of (N - 1) / N; only pairs of different images count.",
)
def counts_the_distance_to_itself(features, features_moved):
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    between = (rows[:, None] - rows).norm(dim=2).mean()
    return float((changes / rows.norm(dim=1)).mean()), float(changes.mean() / between)


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_maps"],
    hint="You take lengths along one axis only, so for maps there are many small lengths per image. "
    "An image is one point in the space of its features: flatten it first, then there is one length.",
)
def lengths_along_the_last_axis(features, features_moved):
    changes = (features_moved - features).norm(dim=-1)
    relative = (changes / features.norm(dim=-1)).mean()
    return float(relative), float(changes.mean() / torch.pdist(features.flatten(1)).mean())


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps"],
    hint="The roots are missing: squared changes, squared sizes, squared distances. A change of a "
    "tenth then looks like a hundredth. Lengths are Euclidean.",
)
def squares_instead_of_lengths(features, features_moved):
    rows = features.flatten(1)
    changes = ((features_moved.flatten(1) - rows) ** 2).sum(dim=1)
    relative = (changes / (rows**2).sum(dim=1)).mean()
    return float(relative), float(changes.mean() / (torch.pdist(rows) ** 2).mean())


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps", "yardsticks_large"],
    hint="Both numbers are there, in the wrong order: first the relative change, then the change over "
    "distance.",
)
def yardsticks_in_the_wrong_order(features, features_moved):
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    relative = (changes / rows.norm(dim=1)).mean()
    return float(changes.mean() / torch.pdist(rows).mean()), float(relative)


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps"],
    hint="The change is divided by the size of the features *after* the shift. The yardstick is the "
    "image as it was.",
)
def relative_to_the_moved_features(features, features_moved):
    rows, after = features.flatten(1), features_moved.flatten(1)
    changes = (after - rows).norm(dim=1)
    relative = (changes / after.norm(dim=1)).mean()
    return float(relative), float(changes.mean() / torch.pdist(rows).mean())


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_maps"],
    hint="Right for two images, but with more of them you compare only neighbours in the list. Every "
    "pair of images counts: five images have ten distances.",
)
def distances_of_neighbours(features, features_moved):
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    between = (rows[1:] - rows[:-1]).norm(dim=1).mean()
    return float((changes / rows.norm(dim=1)).mean()), float(changes.mean() / between)


@mistake(
    exercise="two_yardsticks",
    loses=["yardsticks_by_hand", "yardsticks_maps", "yardsticks_large"],
    hint="Your second number is still relative to the size of the features. The second yardstick is "
    "the distance between two different images, which a constant in all features does not change.",
)
def the_same_yardstick_twice(features, features_moved):
    rows = features.flatten(1)
    changes = (features_moved.flatten(1) - rows).norm(dim=1)
    sizes = rows.norm(dim=1)
    return float((changes / sizes).mean()), float(changes.mean() / sizes.mean())


# --- 8 sensitivity_map -------------------------------------------------------------------


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_by_hand", "sensitivity_directions", "sensitivity_yardstick"],
    hint="The map lies on its side: rows of the table belong to dy, columns to dx. Yours has dx in the "
    "rows.",
)
def map_on_its_side(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm(dim=1).mean() for dy in span]
        for dx in span
    ]
    return torch.tensor(rows) / torch.pdist(plain).mean()


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_directions"],
    hint="Your map is turned upside down and left to right: entry [m + dy, m + dx] holds the shift by "
    "(-dy, -dx). Features that know up from down tell the difference.",
)
def map_of_the_opposite_shifts(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, -dy, -dx)).flatten(1) - plain).norm(dim=1).mean() for dx in span]
        for dy in span
    ]
    return torch.tensor(rows) / torch.pdist(plain).mean()


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_by_hand", "sensitivity_directions", "sensitivity_yardstick"],
    hint="You divide by the size of the features, the first yardstick. The map uses the second: how "
    "far a shift moves an image, measured by how far two different images are apart.",
)
def map_relative_to_the_size(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm(dim=1).mean() for dx in span]
        for dy in span
    ]
    return torch.tensor(rows) / plain.norm(dim=1).mean()


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_by_hand", "sensitivity_directions", "sensitivity_yardstick"],
    hint="The distances of images to themselves, all 0, are in the mean that you divide by. Only pairs "
    "of different images make the yardstick.",
)
def map_with_too_short_a_yardstick(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm(dim=1).mean() for dx in span]
        for dy in span
    ]
    return torch.tensor(rows) / (plain[:, None] - plain).norm(dim=2).mean()


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_by_hand", "sensitivity_directions", "sensitivity_yardstick"],
    hint="Nothing is divided: the map is in the units of the features, and maps of two networks "
    "cannot be compared. Divide by the mean distance between two images.",
)
def map_without_a_yardstick(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm(dim=1).mean() for dx in span]
        for dy in span
    ]
    return torch.tensor(rows)


@mistake(
    exercise="sensitivity_map",
    loses=[
        "sensitivity_by_hand",
        "sensitivity_directions",
        "sensitivity_of_a_mean",
        "sensitivity_yardstick",
    ],
    hint="The last row and column are missing: range stops *before* its end. Shifts from -m to m are "
    "2 m + 1 of them, with 0 in the middle.",
)
def map_without_the_last_shift(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm(dim=1).mean() for dx in span]
        for dy in span
    ]
    return torch.tensor(rows) / torch.pdist(plain).mean()


@mistake(
    exercise="sensitivity_map",
    loses=["sensitivity_by_hand", "sensitivity_directions", "sensitivity_yardstick"],
    hint="You take one length of all changes together, so the number grows with how many images you "
    "look at. Take the length of each image's change, then the mean.",
)
def one_length_for_all_images(features, images, max_shift):
    plain = features(images).flatten(1)
    span = range(-max_shift, max_shift + 1)
    rows = [
        [(features(moved(images, dy, dx)).flatten(1) - plain).norm() for dx in span] for dy in span
    ]
    return torch.tensor(rows) / torch.pdist(plain).mean()


# --- 9 scattering ------------------------------------------------------------------------


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions", "scattering_moves"],
    hint="The modulus is missing. A wavelet has mean 0, so averaging what it puts out gives next to "
    "nothing; the modulus makes an envelope of it, of which an average says something.",
)
def scattering_without_the_modulus(x, psi, phi):
    filtered = np.fft.ifft(np.fft.fft(x) * psi)
    return np.fft.ifft(np.fft.fft(filtered) * phi).real


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions"],
    hint="You drop the imaginary part before taking absolute values. The real part alone goes up and "
    "down with the phase; real and imaginary part together, √(re² + im²), make an envelope that does "
    "not.",
)
def modulus_of_the_real_part(x, psi, phi):
    moduli = np.abs(np.fft.ifft(np.fft.fft(x) * psi).real)
    return np.fft.ifft(np.fft.fft(moduli) * phi).real


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions", "scattering_moves"],
    hint="You square: energies instead of moduli. Doubling the signal then makes the coefficients four "
    "times as large, and a loud sound drowns all others.",
)
def energy_instead_of_modulus(x, psi, phi):
    energies = np.abs(np.fft.ifft(np.fft.fft(x) * psi)) ** 2
    return np.fft.ifft(np.fft.fft(energies) * phi).real


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions"],
    hint="The last step is missing: the average by phi. The moduli still move along with the signal; "
    "only the average makes them stay.",
)
def scattering_without_the_average(x, psi, phi):
    return np.abs(np.fft.ifft(np.fft.fft(x) * psi))


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions", "scattering_moves"],
    hint="You average over *all* places, which leaves one number per wavelet. The low-pass filter phi "
    "averages over a neighbourhood, and the coefficients still have T places.",
)
def averages_over_all_places(x, psi, phi):
    return np.abs(np.fft.ifft(np.fft.fft(x) * psi)).mean(axis=1)


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions"],
    hint="You average before the modulus: phi takes away just those frequencies that the wavelet let "
    "through. The order is wavelet, modulus, average.",
)
def averages_before_the_modulus(x, psi, phi):
    return np.abs(np.fft.ifft(np.fft.fft(x) * psi * phi))


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions", "scattering_moves"],
    hint="phi is the Fourier transform of a filter, and you multiply the moduli by it, sample by "
    "sample. Multiplication is convolution only between Fourier transforms: there and back again.",
)
def multiplies_by_phi_in_time(x, psi, phi):
    return np.abs(np.fft.ifft(np.fft.fft(x) * psi)) * phi


@mistake(
    exercise="scattering",
    loses=["scattering_convolutions"],
    hint="The coefficients are real, but yours come out as complex numbers with an imaginary part of "
    "0 or of rounding. Sorting them, comparing them or drawing them would fail: keep the real part.",
)
def complex_coefficients(x, psi, phi):
    moduli = np.abs(np.fft.ifft(np.fft.fft(x) * psi))
    return np.fft.ifft(np.fft.fft(moduli) * phi)


@mistake(
    exercise="scattering",
    loses=["scattering_by_hand", "scattering_convolutions", "scattering_moves"],
    hint="A ReLU instead of the modulus: it keeps the positive halves of the real part and throws away "
    "the rest. Learnt networks do it so; here the complex modulus is wanted.",
)
def relu_instead_of_modulus(x, psi, phi):
    positive = np.maximum(np.fft.ifft(np.fft.fft(x) * psi).real, 0)
    return np.fft.ifft(np.fft.fft(positive) * phi).real


# --- 10 experiment -----------------------------------------------------------------------


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="Your spread is too small by a factor of √((K - 1) / K): you divide by K. The mean was taken "
    "from the same few numbers and lies too close to them, which dividing by K - 1 makes up for.",
)
def spread_divided_by_k(train, images, labels, shifts, seeds):
    table = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            table.append(
                [
                    float((network(moved(images, dy, dx)).argmax(1) == labels).float().mean())
                    for dy, dx in shifts
                ]
            )
    return np.mean(table, axis=0), np.std(table, axis=0)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="That is the variance, in squared units. The spread is its root, so that it can be written "
    "behind the mean with a ±.",
)
def variance_for_spread(train, images, labels, shifts, seeds):
    table = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            table.append(
                [
                    float((network(moved(images, dy, dx)).argmax(1) == labels).float().mean())
                    for dy, dx in shifts
                ]
            )
    return np.mean(table, axis=0), np.var(table, axis=0, ddof=1)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="You divide by √K once more, which gives the standard error: how well the *mean* is known. "
    "Asked for is how far single runs lie apart, and that does not shrink with more seeds. Papers "
    "give either; say which.",
)
def standard_error_for_spread(train, images, labels, shifts, seeds):
    table = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            table.append(
                [
                    float((network(moved(images, dy, dx)).argmax(1) == labels).float().mean())
                    for dy, dx in shifts
                ]
            )
    return np.mean(table, axis=0), np.std(table, axis=0, ddof=1) / len(seeds) ** 0.5


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="Best run minus worst run can only grow with every seed that you add, so experiments of "
    "different sizes cannot be compared. The standard deviation is asked for.",
)
def range_for_spread(train, images, labels, shifts, seeds):
    table = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            table.append(
                [
                    float((network(moved(images, dy, dx)).argmax(1) == labels).float().mean())
                    for dy, dx in shifts
                ]
            )
    return np.mean(table, axis=0), np.ptp(table, axis=0)


@mistake(
    exercise="experiment",
    loses=["experiment_seeds"],
    hint="The numbers are right, but you train a new network for every *shift*. With five shifts that "
    "takes five times as long; train once per seed, then measure at all shifts.",
)
def trains_for_every_shift(train, images, labels, shifts, seeds):
    table = np.zeros((len(seeds), len(shifts)))
    for k, seed in enumerate(seeds):
        for s, (dy, dx) in enumerate(shifts):
            with torch.no_grad():
                classes = train(seed)(moved(images, dy, dx)).argmax(dim=1)
            table[k, s] = (classes == labels).float().mean()
    return table.mean(axis=0), table.std(axis=0, ddof=1)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="Mean and spread run over the shifts: you get one number per seed. The question is how much "
    "the *seed* matters at each shift, so they run down the columns, over the seeds.",
)
def averages_over_the_shifts(train, images, labels, shifts, seeds):
    table = []
    for seed in seeds:
        network = train(seed)
        with torch.no_grad():
            table.append(
                [
                    float((network(moved(images, dy, dx)).argmax(1) == labels).float().mean())
                    for dy, dx in shifts
                ]
            )
    return np.mean(table, axis=1), np.std(table, axis=1, ddof=1)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_seeds", "experiment_networks"],
    hint="All your networks are trained with the numbers 0, 1, 2, ..., not with the seeds that were "
    "handed in. Whoever repeats your experiment with your list of seeds would get other numbers.",
)
def trains_with_the_row_number(train, images, labels, shifts, seeds):
    table = np.zeros((len(seeds), len(shifts)))
    for k in range(len(seeds)):
        network = train(k)
        for s, (dy, dx) in enumerate(shifts):
            with torch.no_grad():
                classes = network(moved(images, dy, dx)).argmax(dim=1)
            table[k, s] = (classes == labels).float().mean()
    return table.mean(axis=0), table.std(axis=0, ddof=1)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_seeds", "experiment_networks"],
    hint="One network is trained, with the first seed, and measured again and again: your spread is 0. "
    "The chance is in the training, so each seed needs a network of its own.",
)
def trains_only_once(train, images, labels, shifts, seeds):
    network = train(seeds[0])
    table = np.zeros((len(seeds), len(shifts)))
    for k in range(len(seeds)):
        for s, (dy, dx) in enumerate(shifts):
            with torch.no_grad():
                classes = network(moved(images, dy, dx)).argmax(dim=1)
            table[k, s] = (classes == labels).float().mean()
    return table.mean(axis=0), table.std(axis=0, ddof=1)


@mistake(
    exercise="experiment",
    loses=["experiment_by_hand", "experiment_networks"],
    hint="The images are never moved: your accuracy is the same at every shift. Move them by (dy, dx) "
    "before you ask the network.",
)
def forgets_to_move_the_images(train, images, labels, shifts, seeds):
    table = np.zeros((len(seeds), len(shifts)))
    for k, seed in enumerate(seeds):
        with torch.no_grad():
            classes = train(seed)(images).argmax(dim=1)
        table[k] = float((classes == labels).float().mean())
    return table.mean(axis=0), table.std(axis=0, ddof=1)
