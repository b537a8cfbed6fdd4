"""Known wrong answers of `sgdr`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not define are those of the notebook's setup cells,
beside which it runs.
"""

import copy
import math

import numpy as np
import torch.nn.functional as F
from scipy.special import softmax
from torch import nn

from grader.mistakes import mistake

# --- 1 cosine_annealing ------------------------------------------------------------------


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="The run starts at about twice the highest rate: 1 + cos goes from 2 to 0, not from 1 to "
    "0. The half in front of the formula is missing.",
)
def cosine_without_the_half(step, steps, highest, lowest=0.0):
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * step / steps))


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="The angle is in degrees, but the cosine of Python and NumPy takes radians: half a turn "
    "is pi, not 180. As it is, the rate jumps up and down as if at random.",
)
def cosine_in_degrees(step, steps, highest, lowest=0.0):
    return lowest + (highest - lowest) * (1 + math.cos(180 * step / steps)) / 2


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_lowest", "cosine_odd_length"],
    hint="With a lowest rate above 0 your run starts above the highest one, by just that much. "
    "What has to be scaled down is the distance between the two bounds, not the highest rate.",
)
def lowest_on_top(step, steps, highest, lowest=0.0):
    return lowest + highest * (1 + math.cos(math.pi * step / steps)) / 2


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_lowest", "cosine_odd_length"],
    hint="Your curve is a cosine down to 0 that is cut off at the lowest rate. The formula has no "
    "corner: it is squeezed between the two bounds, so that half-way lies in their middle.",
)
def clipped_at_the_lowest(step, steps, highest, lowest=0.0):
    return max(lowest, highest * (1 + math.cos(math.pi * step / steps)) / 2)


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="You arrive one step early: with n - 1 in the denominator the last step that is taken has "
    "the lowest rate already. Here the lowest rate belongs to step n, the first one after the run.",
)
def arrives_with_the_last_step(step, steps, highest, lowest=0.0):
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * step / (steps - 1))) / 2


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="That is a straight line: the same bounds, but no slow start and no slow end. It meets "
    "the cosine only at the ends and in the middle.",
)
def a_straight_line(step, steps, highest, lowest=0.0):
    return highest - (highest - lowest) * step / steps


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="Your rate is down in the middle of the run and back up at its end: that is a whole wave. "
    "Annealing takes half of one, the part where the cosine falls from 1 to -1.",
)
def a_whole_wave(step, steps, highest, lowest=0.0):
    return lowest + (highest - lowest) * (1 + math.cos(2 * math.pi * step / steps)) / 2


@mistake(
    exercise="cosine_annealing",
    loses=["cosine_by_hand", "cosine_thirds", "cosine_lowest", "cosine_odd_length"],
    hint="You use a quarter of a wave, from 1 to 0, which starts slowly but ends at full slope. "
    "The formula takes the half wave from 1 to -1, moved up and halved, to be slow at both ends.",
)
def a_quarter_wave(step, steps, highest, lowest=0.0):
    return lowest + (highest - lowest) * math.cos(math.pi / 2 * step / steps)


# --- 2 warm_restarts ---------------------------------------------------------------------


@mistake(
    exercise="warm_restarts",
    loses=["restarts_by_hand", "restarts_at_the_jumps", "restarts_lowest"],
    hint="Every cycle of yours is as long as the first: the remainder of a division knows one "
    "length only. T_mult has to make each cycle longer than the one before.",
)
def all_cycles_alike(step, highest, lowest, T_0, T_mult):
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * (step % T_0) / T_0)) / 2


@mistake(
    exercise="warm_restarts",
    loses=["restarts_at_the_jumps"],
    hint="Your cycle is found with a logarithm, and a logarithm is rounded: the first step of a "
    "cycle, such as step 121 with T_0 = 1 and T_mult = 3, lands at the end of the one before. (It "
    "also divides by 0 when T_mult is 1.) Count in whole numbers.",
)
def cycle_by_logarithm(step, highest, lowest, T_0, T_mult):
    if T_mult == 1:
        since, length = step % T_0, T_0
    else:
        n = int(math.log(step / T_0 * (T_mult - 1) + 1, T_mult))
        since = step - T_0 * (T_mult**n - 1) / (T_mult - 1)
        length = T_0 * T_mult**n
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * since / length)) / 2


@mistake(
    exercise="warm_restarts",
    loses=[
        "restarts_by_hand",
        "restarts_equal_cycles",
        "restarts_at_the_jumps",
        "restarts_lowest",
        "restarts_late",
    ],
    hint="Your cycles are one step too long: the first one still has a step T_0, at the lowest "
    "rate. A cycle of T steps has the positions 0 to T - 1; at T the next one has begun.",
)
def restarts_one_step_late(step, highest, lowest, T_0, T_mult):
    since, cycle = step, T_0
    while since > cycle:
        since -= cycle
        cycle *= T_mult
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * since / cycle)) / 2


@mistake(
    exercise="warm_restarts",
    loses=["restarts_at_the_jumps", "restarts_lowest"],
    hint="Your cycles grow by addition, T_0 more or T_mult more each time. The paper multiplies: "
    "with T_0 = 2 and T_mult = 2 the lengths are 2, 4, 8, and not 2, 4, 6.",
)
def grows_by_addition(step, highest, lowest, T_0, T_mult):
    since, cycle, number = step, T_0, 1
    while since >= cycle:
        since -= cycle
        number += 1
        cycle = T_0 * (1 if T_mult == 1 else number * T_mult // 2)
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * since / cycle)) / 2


@mistake(
    exercise="warm_restarts",
    loses=["restarts_by_hand", "restarts_equal_cycles", "restarts_at_the_jumps", "restarts_lowest"],
    hint="The length of the cycle is right, but the cosine is asked for the step counted from the "
    "very beginning. T_cur counts from the last restart: it is 0 at the first step of every cycle.",
)
def counts_from_the_beginning(step, highest, lowest, T_0, T_mult):
    since, cycle = step, T_0
    while since >= cycle:
        since -= cycle
        cycle *= T_mult
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * step / cycle)) / 2


@mistake(
    exercise="warm_restarts",
    loses=["restarts_by_hand", "restarts_at_the_jumps", "restarts_lowest"],
    hint="T_cur is right, but it is divided by T_0 in every cycle. In a longer cycle the cosine "
    "then goes through several waves. Divide by the length of the cycle that the step is in.",
)
def divides_by_the_first_length(step, highest, lowest, T_0, T_mult):
    since, cycle = step, T_0
    while since >= cycle:
        since -= cycle
        cycle *= T_mult
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * since / T_0)) / 2


@mistake(
    exercise="warm_restarts",
    loses=[
        "restarts_by_hand",
        "restarts_equal_cycles",
        "restarts_at_the_jumps",
        "restarts_lowest",
        "restarts_late",
    ],
    hint="The last step of each of your cycles has the lowest rate: you divide by T - 1. In SGDR "
    "the lowest rate is never quite reached; where it would be, the next cycle starts.",
)
def reaches_the_lowest(step, highest, lowest, T_0, T_mult):
    since, cycle = step, T_0
    while since >= cycle:
        since -= cycle
        cycle *= T_mult
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * since / max(cycle - 1, 1))) / 2


@mistake(
    exercise="warm_restarts",
    loses=[
        "restarts_by_hand",
        "restarts_equal_cycles",
        "restarts_at_the_jumps",
        "restarts_lowest",
        "restarts_late",
    ],
    hint="Each of your cycles starts at a lower rate than the one before. That is a variant of "
    "later papers; SGDR goes back to the same highest rate at every restart.",
)
def restarts_lower_each_time(step, highest, lowest, T_0, T_mult):
    since, cycle, top = step, T_0, highest
    while since >= cycle:
        since -= cycle
        cycle *= T_mult
        top = lowest + (top - lowest) / 2
    return lowest + (top - lowest) * (1 + math.cos(math.pi * since / cycle)) / 2


@mistake(
    exercise="warm_restarts",
    loses=["restarts_lowest"],
    hint="Your cycles fall from the highest rate to 0 with the lowest added on top. Scale the "
    "distance between the bounds; then the cycle starts exactly at the highest rate.",
)
def restarts_above_the_highest(step, highest, lowest, T_0, T_mult):
    since, cycle = step, T_0
    while since >= cycle:
        since -= cycle
        cycle *= T_mult
    return lowest + highest * (1 + math.cos(math.pi * since / cycle)) / 2


# --- 3 cycle_ends ------------------------------------------------------------------------


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_the_lecture", "ends_of_longer_cycles", "ends_of_equal_cycles"],
    hint="These are the lengths of the cycles, not their ends. A cycle ends when it and all cycles "
    "before it have passed: 1, 1 + 2, 1 + 2 + 4.",
)
def lengths_for_ends(n_cycles, cycle_len, cycle_mult):
    return [cycle_len * cycle_mult**i for i in range(n_cycles)]


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_the_lecture", "ends_of_longer_cycles"],
    hint="You take every cycle to be as long as the first. That is so for cycle_mult = 1; otherwise "
    "each takes cycle_mult times the epochs of the one before.",
)
def ends_without_growth(n_cycles, cycle_len, cycle_mult):
    return [cycle_len * (i + 1) for i in range(n_cycles)]


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_the_lecture", "ends_of_one", "ends_of_longer_cycles", "ends_of_equal_cycles"],
    hint="These are the starts of the cycles: the list begins with 0 and the total is missing. The "
    "end of a cycle is the start of the next one.",
)
def starts_for_ends(n_cycles, cycle_len, cycle_mult):
    starts, total, epochs = [], 0, cycle_len
    for _ in range(n_cycles):
        starts.append(total)
        total += epochs
        epochs *= cycle_mult
    return starts


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_equal_cycles"],
    hint="The sum of a geometric series divides by cycle_mult - 1, which is 0 for cycles that are "
    "all of one length. That case needs a formula of its own; a running total needs none.",
)
def geometric_series_only(n_cycles, cycle_len, cycle_mult):
    return [cycle_len * (cycle_mult ** (i + 1) - 1) // (cycle_mult - 1) for i in range(n_cycles)]


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_the_lecture", "ends_of_one", "ends_of_longer_cycles"],
    hint="Your first cycle is cycle_mult times too long: it grows before it has run. The first one "
    "takes cycle_len epochs, and only the second is longer.",
)
def grows_before_the_first(n_cycles, cycle_len, cycle_mult):
    ends, total, epochs = [], 0, cycle_len
    for _ in range(n_cycles):
        epochs *= cycle_mult
        total += epochs
        ends.append(total)
    return ends


@mistake(
    exercise="cycle_ends",
    loses=["ends_of_the_lecture", "ends_of_longer_cycles", "ends_of_equal_cycles"],
    hint="Only the total comes back. It is asked for after how many epochs *each* cycle ends; the "
    "total is the last of these numbers.",
)
def only_the_total(n_cycles, cycle_len, cycle_mult):
    return [sum(cycle_len * cycle_mult**i for i in range(n_cycles))]


# --- 4 train_with_schedule ---------------------------------------------------------------


@mistake(
    exercise="train_with_schedule",
    loses=["loop_by_hand", "loop_last_batch", "loop_weights", "loop_groups"],
    hint="The rate is set after the step, so every step is taken with the rate that was meant for "
    "the one before, and the first one with the full peak. Set it, then step.",
)
def sets_the_rate_too_late(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            rates.append([group["lr"] for group in optimizer.param_groups])
            optimizer.step()
            for group, peak in zip(optimizer.param_groups, peaks, strict=True):
                group["lr"] = peak * share(len(rates) - 1)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_last_batch", "loop_weights", "loop_groups"],
    hint="All batches of an epoch have the same rate: you ask the schedule for the number of the "
    "epoch. A step is one batch, and the schedule counts steps.",
)
def one_rate_per_epoch(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for epoch, order in enumerate(orders):
        now = [peak * share(epoch) for peak in peaks]
        for group, rate in zip(optimizer.param_groups, now, strict=True):
            group["lr"] = rate
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_by_hand", "loop_last_batch", "loop_weights", "loop_groups"],
    hint="Your count of steps starts at 0 again in every epoch, so every epoch repeats the "
    "schedule's first few rates. The count goes on from epoch to epoch.",
)
def counts_anew_each_epoch(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for order in orders:
        for step, start in enumerate(range(0, len(order), batch_size)):
            now = [peak * share(step) for peak in peaks]
            for group, rate in zip(optimizer.param_groups, now, strict=True):
                group["lr"] = rate
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_last_batch", "loop_weights"],
    hint="The images that are left over at the end of an epoch are never used: a whole-number "
    "division drops the last, smaller batch. It is a batch as well, and a step of the schedule.",
)
def drops_the_last_batch(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for order in orders:
        for batch in range(len(order) // batch_size):
            now = [peak * share(len(rates)) for peak in peaks]
            for group, rate in zip(optimizer.param_groups, now, strict=True):
                group["lr"] = rate
            rows = order[batch * batch_size : (batch + 1) * batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_by_hand", "loop_last_batch", "loop_weights", "loop_groups"],
    hint="The shares multiply up: you multiply the rate of the step before, not the peak. After a "
    "few steps hardly anything is left of it. Remember the peaks before the first step.",
)
def multiplies_up(model, optimizer, X, y, orders, batch_size, share):
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            for group in optimizer.param_groups:
                group["lr"] *= share(len(rates))
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_last_batch", "loop_weights", "loop_groups"],
    hint="You set the share itself as the rate. A share says which part of its own peak a group "
    "gets; the peaks are the rates that the groups have at the start.",
)
def takes_the_share_for_the_rate(model, optimizer, X, y, orders, batch_size, share):
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            for group in optimizer.param_groups:
                group["lr"] = share(len(rates))
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_groups"],
    hint="Only the first parameter group follows the schedule; the others keep their peak "
    "throughout. Every group gets its own peak times the share.",
)
def schedules_the_first_group_only(model, optimizer, X, y, orders, batch_size, share):
    peak = optimizer.param_groups[0]["lr"]
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            optimizer.param_groups[0]["lr"] = peak * share(len(rates))
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_groups"],
    hint="All groups get the rate of the first one: the differential rates are gone after one "
    "step. Each group has a peak of its own.",
)
def one_peak_for_all_groups(model, optimizer, X, y, orders, batch_size, share):
    peak = optimizer.param_groups[0]["lr"]
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            for group in optimizer.param_groups:
                group["lr"] = peak * share(len(rates))
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append([group["lr"] for group in optimizer.param_groups])
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_by_hand", "loop_weights", "loop_groups"],
    hint="The rates are right and the weights are not: gradients add up from batch to batch, since "
    "PyTorch adds to what is there. Forget the old gradient before each new one.",
)
def never_forgets_a_gradient(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            now = [peak * share(len(rates)) for peak in peaks]
            for group, rate in zip(optimizer.param_groups, now, strict=True):
                group["lr"] = rate
            rows = order[start : start + batch_size]
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_weights", "loop_groups"],
    hint="Every epoch visits the images in the same order, 0, 1, 2, ...: you cut the images into "
    "batches, and not the order of this epoch. The rates come out right, the weights do not.",
)
def ignores_the_orders(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for _ in orders:
        for start in range(0, len(X), batch_size):
            now = [peak * share(len(rates)) for peak in peaks]
            for group, rate in zip(optimizer.param_groups, now, strict=True):
                group["lr"] = rate
            optimizer.zero_grad()
            rows = slice(start, start + batch_size)
            F.cross_entropy(model(X[rows]), y[rows]).backward()
            optimizer.step()
            rates.append(now)
    return rates


@mistake(
    exercise="train_with_schedule",
    loses=["loop_weights"],
    hint="You take the sum of the losses of a batch; the mean is asked for. With the sum, twice the "
    "batch takes twice the step, and the smaller last batch a smaller one.",
)
def sums_the_losses_of_a_batch(model, optimizer, X, y, orders, batch_size, share):
    peaks = [group["lr"] for group in optimizer.param_groups]
    rates = []
    for order in orders:
        for start in range(0, len(order), batch_size):
            now = [peak * share(len(rates)) for peak in peaks]
            for group, rate in zip(optimizer.param_groups, now, strict=True):
                group["lr"] = rate
            rows = order[start : start + batch_size]
            optimizer.zero_grad()
            F.cross_entropy(model(X[rows]), y[rows], reduction="sum").backward()
            optimizer.step()
            rates.append(now)
    return rates


# --- 5 parameter_groups ------------------------------------------------------------------


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_ratio_ten", "groups_frozen"],
    hint="Your rates are the wrong way round: the first layers get the largest, and the head, which "
    "is new and has everything to learn, the smallest.",
)
def rates_reversed(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [each for each in group.parameters() if each.requires_grad]
        if learning:
            entries.append({"params": learning, "lr": head / ratio**place})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_ratio_ten", "groups_frozen"],
    hint="The head should have the rate that was asked for, and yours has one that is ratio times "
    "smaller: the distances start at 1. The head is at distance 0 from itself.",
)
def head_too_slow(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [each for each in group.parameters() if each.requires_grad]
        if learning:
            entries.append({"params": learning, "lr": head / ratio ** (len(groups) - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_ratio_ten"],
    hint="Your rates fall like 1/ratio, 1/(2 ratio), 1/(3 ratio). Each group's is *ratio times* "
    "smaller than the next one's, so the ratio is raised to a power.",
)
def falls_by_addition(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [each for each in group.parameters() if each.requires_grad]
        distance = len(groups) - 1 - place
        if learning:
            entries.append({"params": learning, "lr": head / max(1, ratio * distance)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_ratio_ten", "groups_frozen"],
    hint="The rates grow away from the head: you multiply by the ratio where you should divide. "
    "The early layers would move by far the most, and forget what they know.",
)
def multiplies_by_the_ratio(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [each for each in group.parameters() if each.requires_grad]
        if learning:
            entries.append({"params": learning, "lr": head * ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_everyone_once", "groups_frozen"],
    hint="Some parameters stand in your list several times. `modules()` gives the group itself and "
    "everything inside, and `parameters()` of each goes inside as well. The group's own "
    "`parameters()` has each exactly once.",
)
def parameters_of_all_modules(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [p for m in group.modules() for p in m.parameters() if p.requires_grad]
        if learning:
            entries.append({"params": learning, "lr": head / ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_everyone_once", "groups_frozen"],
    hint="The biases are in none of your groups, so they never learn. A group of layers is all of "
    "its parameters, whatever they are called.",
)
def weights_only(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [
            each
            for name, each in group.named_parameters()
            if each.requires_grad and name.endswith("weight")
        ]
        if learning:
            entries.append({"params": learning, "lr": head / ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_everyone_once", "groups_ratio_ten", "groups_frozen"],
    hint="You look one level deep, and miss the parameters of modules inside modules. Networks are "
    "nested; `parameters()` of the whole group goes all the way down by itself.",
)
def one_level_deep(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        layers = list(group.children()) or [group]
        learning = [
            p for layer in layers for p in layer.parameters(recurse=False) if p.requires_grad
        ]
        if learning:
            entries.append({"params": learning, "lr": head / ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_by_hand", "groups_everyone_once", "groups_ratio_ten", "groups_frozen"],
    hint="The head is missing. It is the last group, and the one that has to learn most; a range "
    "that stops one short leaves out just that one.",
)
def head_left_out(groups, head, ratio=3.0):
    entries = []
    for place in range(len(groups) - 1):
        learning = [each for each in groups[place].parameters() if each.requires_grad]
        if learning:
            entries.append({"params": learning, "lr": head / ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_frozen"],
    hint="Frozen parameters are handed to the optimizer as well. They have no gradient, but weight "
    "decay or momentum can move them; leave out whatever does not require a gradient.",
)
def takes_frozen_ones_too(groups, head, ratio=3.0):
    return [
        {"params": list(group.parameters()), "lr": head / ratio ** (len(groups) - 1 - place)}
        for place, group in enumerate(groups)
    ]


@mistake(
    exercise="parameter_groups",
    loses=["groups_frozen"],
    hint="A group that is wholly frozen still has an entry, with nothing in it. It should "
    "disappear from the list.",
)
def keeps_empty_groups(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        learning = [each for each in group.parameters() if each.requires_grad]
        entries.append({"params": learning, "lr": head / ratio ** (len(groups) - 1 - place)})
    return entries


@mistake(
    exercise="parameter_groups",
    loses=["groups_frozen"],
    hint="You decide about a whole group by one of its parameters, and lose those that do learn "
    "(or keep some that do not). Ask every parameter whether it requires a gradient.",
)
def all_or_nothing(groups, head, ratio=3.0):
    entries = []
    for place, group in enumerate(groups):
        if all(each.requires_grad for each in group.parameters()):
            rate = head / ratio ** (len(groups) - 1 - place)
            entries.append({"params": list(group.parameters()), "lr": rate})
    return entries


# --- 6 freeze_to -------------------------------------------------------------------------


@mistake(
    exercise="freeze_to",
    loses=["freeze_who_learns", "freeze_and_back", "freeze_holds"],
    hint="Nothing is frozen: `module.requires_grad = False` only makes a new attribute of that name "
    "on the module, and nobody ever reads it. It is the parameters that require gradients.",
)
def sets_it_on_the_module(groups, n):
    for place, group in enumerate(groups):
        learns = place >= n
        group.train(learns)
        group.requires_grad = learns
        if not learns:
            for parameter in group.parameters():
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_batch_norm", "freeze_and_back", "freeze_holds"],
    hint="The frozen groups' batch normalisation is in training mode: every forward pass drags its "
    "running averages along, without any gradient. A frozen group needs evaluation mode, too.",
)
def batch_norm_stays_awake(groups, n):
    for place, group in enumerate(groups):
        group.train()
        for parameter in group.parameters():
            parameter.requires_grad_(place >= n)
            if place < n:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_batch_norm", "freeze_and_back", "freeze_holds"],
    hint="Batch normalisation that sits deeper in a frozen group is overlooked: you look only at "
    "the group's own layers. Modules can hold modules.",
)
def overlooks_nested_batch_norm(groups, n):
    for place, group in enumerate(groups):
        group.train()
        if place < n:
            for layer in group.children():
                if isinstance(layer, nn.BatchNorm1d):
                    layer.eval()
        for parameter in group.parameters():
            parameter.requires_grad_(place >= n)
            if place < n:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_and_back"],
    hint="What was frozen stays frozen: your function never lets a group learn again. Groups from n "
    "on need gradients afterwards, whatever was before.",
)
def never_thaws(groups, n):
    for place, group in enumerate(groups):
        group.train(place >= n)
        if place < n:
            for parameter in group.parameters():
                parameter.requires_grad_(False)
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_who_learns", "freeze_batch_norm", "freeze_and_back", "freeze_holds"],
    hint="Group n itself is frozen as well. It is the first one that learns: with n = 2 the groups "
    "0 and 1 are frozen, which are two.",
)
def one_group_too_many(groups, n):
    for place, group in enumerate(groups):
        learns = place > n
        group.train(learns)
        for parameter in group.parameters():
            parameter.requires_grad_(learns)
            if not learns:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_who_learns", "freeze_batch_norm", "freeze_and_back", "freeze_holds"],
    hint="It is the other way round: you freeze the head and let the first layers learn. The head "
    "is new; it is the early layers that should keep what they know.",
)
def freezes_the_head(groups, n):
    for place, group in enumerate(groups):
        learns = place < n
        group.train(learns)
        for parameter in group.parameters():
            parameter.requires_grad_(learns)
            if not learns:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_holds"],
    hint="The gradients of before are still there. An optimizer that holds these parameters steps "
    "along whatever gradient it finds, required or not: a frozen parameter should hold none.",
)
def old_gradients_stay(groups, n):
    for place, group in enumerate(groups):
        group.train(place >= n)
        for parameter in group.parameters():
            parameter.requires_grad_(place >= n)


@mistake(
    exercise="freeze_to",
    loses=["freeze_and_back"],
    hint="The groups that learn are left in evaluation mode, as the last look at the test images "
    "left them: their running averages stand still. Put them in training mode.",
)
def never_wakes_up(groups, n):
    for place, group in enumerate(groups):
        if place < n:
            group.eval()
        for parameter in group.parameters():
            parameter.requires_grad_(place >= n)
            if place < n:
                parameter.grad = None


@mistake(
    exercise="freeze_to",
    loses=["freeze_who_learns", "freeze_and_back", "freeze_holds"],
    hint="Only the weights are frozen; the biases of frozen groups go on learning. (And with them "
    "the shift of batch normalisation.) All parameters of a frozen group rest.",
)
def biases_go_on_learning(groups, n):
    for place, group in enumerate(groups):
        group.train(place >= n)
        for name, parameter in group.named_parameters():
            parameter.requires_grad_(place >= n or name.endswith("bias"))
            if place < n:
                parameter.grad = None


# --- 7 take_snapshots --------------------------------------------------------------------


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_by_hand", "snapshots_cycles", "snapshots_modes", "snapshots_share_nothing"],
    hint="All your snapshots are one and the same model, the one that goes on training: a list "
    "holds names, not copies. In the end they agree about everything.",
)
def names_for_copies(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        snapshots.append(model)
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_by_hand", "snapshots_cycles", "snapshots_modes", "snapshots_share_nothing"],
    hint="A shallow copy has an outside of its own and shares the tensors inside, so your "
    "snapshots move along with the model. The copy has to go all the way down.",
)
def shallow_copies(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        snapshots.append(copy.copy(model))
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_by_hand", "snapshots_cycles", "snapshots_share_nothing"],
    hint="Each snapshot is taken before its cycle: the first one is the untrained model, and the "
    "best one, at the end of the last cycle, is missing.",
)
def snapshots_before_the_cycle(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(n_cycles):
        snapshots.append(copy.deepcopy(model).eval())
        train_cycle(cycle)
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_by_hand", "snapshots_cycles", "snapshots_share_nothing"],
    hint="The copies are all made at the end, so they are M copies of the last model. A snapshot "
    "has to be taken when its cycle ends, before the next one begins.",
)
def all_copies_at_the_end(model, train_cycle, n_cycles):
    for cycle in range(n_cycles):
        train_cycle(cycle)
    return [copy.deepcopy(model).eval() for _ in range(n_cycles)]


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_modes"],
    hint="Your snapshots are still in training mode: their dropout drops, and their batch "
    "normalisation looks at the batch. Put each copy into evaluation mode.",
)
def snapshots_in_training_mode(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        snapshots.append(copy.deepcopy(model))
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_modes", "snapshots_share_nothing"],
    hint="You put the model itself into evaluation mode to copy it, and leave it there: from the "
    "second cycle on it trains without dropout and with batch normalisation asleep.",
)
def puts_the_model_to_sleep(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        model.eval()
        snapshots.append(copy.deepcopy(model))
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_by_hand", "snapshots_cycles", "snapshots_share_nothing"],
    hint="You number the cycles from 1. They are numbered from 0, as the docstring says; a schedule "
    "that starts with cycle 1 skips the first one.",
)
def cycles_from_one(model, train_cycle, n_cycles):
    snapshots = []
    for cycle in range(1, n_cycles + 1):
        train_cycle(cycle)
        snapshots.append(copy.deepcopy(model).eval())
    return snapshots


@mistake(
    exercise="take_snapshots",
    loses=["snapshots_share_nothing"],
    hint="The parameters are copied, but the running averages of batch normalisation are those of "
    "a model that has never trained, or are shared. `parameters()` does not list buffers; the "
    "state of a model is more than its parameters.",
)
def forgets_the_buffers(model, train_cycle, n_cycles):
    blank = copy.deepcopy(model)
    snapshots = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        taken = copy.deepcopy(blank).eval()
        for mine, theirs in zip(taken.parameters(), model.parameters(), strict=True):
            mine.data.copy_(theirs.data)
        snapshots.append(taken)
    return snapshots


# --- 8 snapshot_vote ---------------------------------------------------------------------


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_of_a_loud_one", "vote_many"],
    hint="You average the scores and turn their mean into probabilities. Then the model with the "
    "largest scores decides alone. Let every snapshot form its own probabilities first.",
)
def mean_of_the_scores(scores):
    return softmax(scores.mean(axis=0), axis=-1)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_many", "vote_of_one"],
    hint="Your probabilities add up to 1 over the snapshots instead of over the classes: the "
    "softmax runs along the first axis. The classes are the last one.",
)
def softmax_over_snapshots(scores):
    return softmax(scores, axis=0).mean(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_of_a_loud_one", "vote_many", "vote_of_one"],
    hint="Your probabilities add up to 1 over the images instead of over the classes: the softmax "
    "runs along the second axis. The classes are the last one.",
)
def softmax_over_images(scores):
    return softmax(scores, axis=1).mean(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_of_a_loud_one", "vote_many", "vote_of_one"],
    hint="Without an axis, softmax takes all scores of all snapshots and images for one "
    "distribution. Each image of each snapshot has its own, over the classes.",
)
def softmax_over_everything(scores):
    return softmax(scores).mean(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_of_a_loud_one", "vote_many", "vote_of_one"],
    hint="You average over the images, and get one row per snapshot. The vote averages over the "
    "snapshots, and has one row per image.",
)
def mean_over_images(scores):
    return softmax(scores, axis=-1).mean(axis=1)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_many"],
    hint="The probabilities are added up and not averaged: the classes of one image add up to M "
    "instead of 1. The winner is the same, but these are no probabilities.",
)
def sum_of_the_probabilities(scores):
    return softmax(scores, axis=-1).sum(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_by_hand", "vote_many", "vote_of_one"],
    hint="You count for which class each snapshot is most sure, and forget how sure. A snapshot "
    "that hesitates between two classes should count for both.",
)
def a_show_of_hands(scores):
    winners = np.asarray(scores).argmax(axis=-1)
    return np.eye(np.shape(scores)[-1])[winners].mean(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_of_one"],
    hint="With large scores exp overflows and leaves NaN. Subtract the largest score of each row "
    "first, as in the notebook on losses, or let a library's softmax do it.",
)
def exponentials_overflow(scores):
    with np.errstate(all="ignore"):
        powers = np.exp(scores)
        return (powers / powers.sum(axis=-1, keepdims=True)).mean(axis=0)


@mistake(
    exercise="snapshot_vote",
    loses=["vote_input"],
    hint="The vote is right, but the scores that you were given are changed: subtracting in place "
    "writes into the caller's array. Make a new array.",
)
def changes_the_scores(scores):
    scores -= scores.max(axis=-1, keepdims=True)
    powers = np.exp(scores)
    return (powers / powers.sum(axis=-1, keepdims=True)).mean(axis=0)


# --- 9 epochs_to_reach -------------------------------------------------------------------


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs", "reach_one_run"],
    hint="Your epochs are counted from 0, as columns are. After the first epoch, one has passed.",
)
def epochs_from_zero(accuracies, target):
    reached = np.asarray(accuracies) >= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1), math.inf)


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs", "reach_one_run"],
    hint="A run that never reaches the target seems to reach it after the first epoch: argmax of a "
    "row without any True is 0. Ask first whether there is one.",
)
def never_taken_for_first(accuracies, target):
    return (np.asarray(accuracies) >= target).argmax(axis=1) + 1.0


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs", "reach_one_run"],
    hint="A run that hits the target exactly has reached it: at least means greater or equal.",
)
def more_than_the_target(accuracies, target):
    reached = np.asarray(accuracies) > target
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, math.inf)


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs", "reach_one_run"],
    hint="A run that never reaches the target gets the last epoch, as if it had made it just in "
    "time. That flatters methods that fail; never is infinity here.",
)
def never_taken_for_last(accuracies, target):
    reached = np.asarray(accuracies) >= target
    return np.where(reached.any(axis=1), reached.argmax(axis=1) + 1.0, reached.shape[1])


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs", "reach_one_run"],
    hint="Runs that never reach the target are missing from your list. Whoever leaves them out "
    "rewards methods that often fail; each run has its number, and theirs is infinity.",
)
def leaves_failures_out(accuracies, target):
    reached = np.asarray(accuracies) >= target
    return (reached.argmax(axis=1) + 1.0)[reached.any(axis=1)]


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs"],
    hint="You count how many epochs lie below the target. Accuracies go up and down, so that is not "
    "when it was first reached: stop at the first time.",
)
def counts_epochs_below(accuracies, target):
    accuracies = np.asarray(accuracies)
    below = (accuracies < target).sum(axis=1)
    return np.where(below < accuracies.shape[1], below + 1.0, math.inf)


@mistake(
    exercise="epochs_to_reach",
    loses=["reach_by_hand", "reach_ups_and_downs"],
    hint="You look for the epoch with the best accuracy. The question is when the target is first "
    "reached, which may be long before the best.",
)
def epoch_of_the_best(accuracies, target):
    accuracies = np.asarray(accuracies)
    best = accuracies.argmax(axis=1) + 1.0
    return np.where(accuracies.max(axis=1) >= target, best, math.inf)


# --- 10 race -----------------------------------------------------------------------------


@mistake(
    exercise="race",
    loses=["race_pairs"],
    hint="Every schedule is raced from seeds of its own, so their differences contain the luck of "
    "the seeds. Use the same seeds for all of them: the same rates under two names must come out "
    "the same.",
)
def new_seeds_for_everyone(train, schedules, n_seeds):
    final, seed = {}, 0
    for name, rates in schedules.items():
        final[name] = np.array([train(rates, seed + i)[-1] for i in range(n_seeds)])
        seed += n_seeds
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((runs - baseline).mean()),
            float((runs - baseline).std(ddof=1)) / math.sqrt(n_seeds),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand", "race_pairs", "race_digits"],
    hint="You train n times from one and the same seed: the runs are copies of each other, and the "
    "spread says nothing. Different seeds are asked for.",
)
def one_seed_for_all_runs(train, schedules, n_seeds):
    final = {
        name: np.array([train(rates, 0)[-1] for _ in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((runs - baseline).mean()),
            float((runs - baseline).std(ddof=1)) / math.sqrt(n_seeds),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand"],
    hint="You report the best epoch of each run. Whoever picks the best of 15 looks at the held-out "
    "images 15 times, and noisy runs profit most. The last epoch was agreed upon.",
)
def best_epoch_for_last(train, schedules, n_seeds):
    final = {
        name: np.array([max(train(rates, seed)) for seed in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((runs - baseline).mean()),
            float((runs - baseline).std(ddof=1)) / math.sqrt(n_seeds),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand"],
    hint="Your standard deviation divides by n. With a handful of seeds that is too small, since "
    "their mean was fitted to them; the sample standard deviation divides by n - 1. (NumPy has to "
    "be told.)",
)
def spread_over_n(train, schedules, n_seeds):
    final = {
        name: np.array([train(rates, seed)[-1] for seed in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std()),
            float((runs - baseline).mean()),
            float((runs - baseline).std()) / math.sqrt(n_seeds),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand"],
    hint="The fourth number is the standard deviation of the differences, and not of their mean. "
    "The mean of n numbers is steadier than one of them, by the root of n.",
)
def spread_for_error(train, schedules, n_seeds):
    final = {
        name: np.array([train(rates, seed)[-1] for seed in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((runs - baseline).mean()),
            float((runs - baseline).std(ddof=1)),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand", "race_pairs"],
    hint="Your error treats the two rows as if they had nothing to do with each other, and adds up "
    "their variances. They share their seeds: take the differences first, seed by seed.",
)
def error_without_pairs(train, schedules, n_seeds):
    final = {
        name: np.array([train(rates, seed)[-1] for seed in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((runs - baseline).mean()),
            math.sqrt((runs.var(ddof=1) + baseline.var(ddof=1)) / n_seeds),
        )
        for name, runs in final.items()
    }


@mistake(
    exercise="race",
    loses=["race_by_hand", "race_digits"],
    hint="Your differences have the wrong sign: they say by how much the first schedule is ahead. "
    "It is what the others are compared with, so a schedule that does better has a positive one.",
)
def difference_turned_round(train, schedules, n_seeds):
    final = {
        name: np.array([train(rates, seed)[-1] for seed in range(n_seeds)])
        for name, rates in schedules.items()
    }
    baseline = next(iter(final.values()))
    return {
        name: (
            float(runs.mean()),
            float(runs.std(ddof=1)),
            float((baseline - runs).mean()),
            float((baseline - runs).std(ddof=1)) / math.sqrt(n_seeds),
        )
        for name, runs in final.items()
    }
