"""Known wrong answers of `lr_finding`: what learners really write, and what to tell them.

Each function stands in for the answer of its exercise, loses exactly the tests in `loses`,
and carries the hint for a learner whose answers come out the same. A hint names the mistake
and says why it is one; it never hands over the code.

Names that a mistake uses and this file does not define (`math`, `torch`) are those of the
notebook's setup cells, beside which it runs.
"""

# ruff: noqa: F821

import numpy as np

from grader.mistakes import mistake

# --- 1 growing_rates ---------------------------------------------------------------------


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="Your rates are equal differences apart, not equal factors. On the scale that counts for "
    "rates, orders of magnitude, nearly all of them crowd at the upper end.",
)
def evenly_spaced(start, end, n):
    return np.linspace(start, end, n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="The last rate never arrives at the end that was asked for. From the first of n rates to "
    "the last there are n - 1 steps, not n: count the gaps, not the posts.",
)
def one_gap_too_many(start, end, n):
    return start * (end / start) ** (np.arange(n) / n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="The last rate is right, but the first one is already a step above the start. At i = 0 "
    "nothing has grown yet.",
)
def starts_after_the_first_step(start, end, n):
    return start * (end / start) ** (np.arange(1, n + 1) / n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="You return one rate more than was asked for. Both ends belong to the n rates: the test "
    "takes one step per rate, and a list of batches that fits will not fit any more.",
)
def one_rate_too_many(start, end, n):
    return start * (end / start) ** (np.arange(n + 1) / n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="Your rates always grow tenfold. That happens to fit from 0.001 to 10 in five rates and "
    "nothing else: the factor follows from the two ends and the number of steps.",
)
def always_tenfold(start, end, n):
    return start * 10.0 ** np.arange(n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="You multiply by the whole factor from start to end in every step, so that the second "
    "rate is already the end and the last one is far beyond it. Each step is the (n - 1)th root "
    "of the whole.",
)
def the_whole_factor_each_time(start, end, n):
    with np.errstate(over="ignore"):
        return start * (end / start) ** np.arange(float(n))


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="The logarithms are evenly spaced, but they are natural ones and you come back with "
    "powers of ten. Whatever base you go in with, you must come out with the same one.",
)
def in_with_ln_out_with_ten(start, end, n):
    with np.errstate(over="ignore"):
        return 10 ** np.linspace(np.log(start), np.log(end), n)


@mistake(
    exercise="growing_rates",
    loses=["growing_by_hand", "growing_factor", "growing_two"],
    hint="The logarithms of your rates are what should be evenly spaced, and you return the "
    "logarithms themselves: a learning rate below 0 makes the loss climb.",
)
def returns_the_logarithms(start, end, n):
    return np.linspace(np.log10(start), np.log10(end), n)


# --- 2 record_losses ---------------------------------------------------------------------


@mistake(
    exercise="record_losses",
    loses=[
        "record_by_hand",
        "record_digits",
        "record_groups",
        "record_not_finite",
        "record_optimizer",
    ],
    hint="You write the loss down after the step instead of before it: the first entry should be "
    "that of the untouched network, ln 2 in the example. Recorded afterwards, on the very batch "
    "that was trained on, the curve flatters the rate.",
)
def records_after_the_step(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        losses.append(F.cross_entropy(model(inputs), labels).item())
        if not math.isfinite(losses[-1]):
            break
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_by_hand", "record_digits", "record_groups", "record_optimizer"],
    hint="The rates never reach the optimizer: all steps are taken at the rate it was made with. "
    "Neither a variable in your loop nor the optimizer's *defaults* change it; each group of "
    "parameters has an entry of its own, which is what the step reads.",
)
def never_sets_the_rate(model, batches, optimizer, rates):
    losses = []
    for step, _ in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_groups"],
    hint="Only the first group of parameters gets the new rate; the others go on at the rate they "
    "had. An optimizer may have many groups, such as one for each part of a network.",
)
def sets_the_first_group(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_by_hand", "record_digits", "record_groups", "record_optimizer"],
    hint="The rate is set after the step, so that each step is taken at the rate of the one "
    "before, and the first at whatever the optimizer came with. Set it before the step it is for.",
)
def one_rate_late(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        for group in optimizer.param_groups:
            group["lr"] = rate
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_by_hand", "record_digits", "record_groups", "record_optimizer"],
    hint="The gradients are never set back, so each step goes along the sum of all gradients so "
    "far. PyTorch adds to what is there; forgetting it makes training seem to have a mind of its "
    "own.",
)
def gradients_pile_up(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_optimizer"],
    hint="You clear the gradients after each step, which is fine from the second step on; but "
    "what was there before the call counts in the first one. Clear them before you go backward.",
)
def clears_the_gradients_too_late(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        optimizer.zero_grad()
    return losses


@mistake(
    exercise="record_losses",
    loses=[
        "record_by_hand",
        "record_digits",
        "record_groups",
        "record_not_finite",
        "record_optimizer",
    ],
    hint="The gradients are cleared between going backward and the step, so that the optimizer "
    "finds nothing to do and the loss never moves. Clear first, then backward, then step.",
)
def clears_before_the_step(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        for group in optimizer.param_groups:
            group["lr"] = rate
        loss.backward()
        optimizer.zero_grad()
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_by_hand", "record_digits", "record_groups"],
    hint="Your test ends with the last batch, and the rates that are left are never tried: a zip "
    "stops with the shorter of the two. When the batches run out, go on from the first.",
)
def stops_with_the_last_batch(model, batches, optimizer, rates):
    losses = []
    for (inputs, labels), rate in zip(batches, rates, strict=False):
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_digits", "record_not_finite"],
    hint="Every step uses the first batch. The network learns those few images by heart, and the "
    "curve shows how fast it does that instead of how it learns.",
)
def always_the_first_batch(model, batches, optimizer, rates):
    losses = []
    inputs, labels = batches[0]
    for rate in rates:
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_digits", "record_not_finite", "record_optimizer"],
    hint="All batches are trained on at each rate. The range test takes one step per rate; with a "
    "whole epoch at each of them it would be a training, and take as long as one.",
)
def an_epoch_for_each_rate(model, batches, optimizer, rates):
    losses = []
    for rate in rates:
        for group in optimizer.param_groups:
            group["lr"] = rate
        for inputs, labels in batches:
            loss = F.cross_entropy(model(inputs), labels)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_not_finite"],
    hint="A loss that is not finite does not stop your test. One step with it fills every weight "
    "with NaN, and all that is recorded from there on means nothing.",
)
def goes_on_after_nan(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_not_finite"],
    hint="You notice NaN but not infinity. A loss usually passes through infinity on its way to "
    "NaN, and a step that starts from there is as useless.",
)
def notices_only_nan(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if math.isnan(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_not_finite"],
    hint="The loss that ended the test is missing from your list. It is worth keeping: it shows at "
    "which rate things broke, and that they did.",
)
def leaves_the_last_loss_out(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        if not torch.isfinite(loss):
            break
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_not_finite"],
    hint="The list ends where it should, but you look at the loss only after the step, and by then "
    "the weights have been spoilt by it. Look first.",
)
def looks_after_the_step(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
        if not math.isfinite(losses[-1]):
            break
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_digits", "record_optimizer"],
    hint="You take the steps yourself, with the plain rule of gradient descent. The optimizer that "
    "was handed in has momentum, or is another one altogether, and the rate you look for is one "
    "for *it*. (A new optimizer for each step, which forgets its momentum, comes to the same.)",
)
def plain_descent(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        model.zero_grad()
        loss.backward()
        with torch.no_grad():
            for parameter in model.parameters():
                parameter -= rate * parameter.grad
    return losses


@mistake(
    exercise="record_losses",
    loses=["record_digits"],
    hint="Your losses are sums over the batch, 32 times as large as the mean. The steps are then "
    "32 times as large, too, and a rate that looks right in your curve is 32 times too low for "
    "everybody else's loss.",
)
def sums_over_the_batch(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        inputs, labels = batches[step % len(batches)]
        loss = F.cross_entropy(model(inputs), labels, reduction="sum")
        losses.append(loss.item())
        if not math.isfinite(losses[-1]):
            break
        optimizer.zero_grad()
        loss.backward()
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return losses


# --- 3 rehearse --------------------------------------------------------------------------


@mistake(
    exercise="rehearse",
    loses=["rehearse_weights", "rehearse_error", "rehearse_buffers"],
    hint="What you saved is no copy: a state dict looks into the model, and after the run it shows "
    "the spoilt weights, which you then load faithfully. Copy the tensors themselves.",
)
def saves_without_a_copy(model, optimizer, run):
    weights, settings = model.state_dict(), copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_weights", "rehearse_error", "rehearse_buffers", "rehearse_optimizer"],
    hint="You copy the dictionaries and not what is in them: the tensors of a shallow copy are still "
    "the model's and the optimizer's own, and training changes them in place. The copy has to go "
    "all the way down.",
)
def saves_a_shallow_copy(model, optimizer, run):
    weights, settings = dict(model.state_dict()), dict(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_buffers"],
    hint="The parameters come back, and the buffers do not. Batch normalisation keeps running means "
    "and variances, and a count, which are no parameters; with those of a wrecked network it is "
    "wrong in evaluation.",
)
def parameters_only(model, optimizer, run):
    weights = [parameter.detach().clone() for parameter in model.parameters()]
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        with torch.no_grad():
            for parameter, before in zip(model.parameters(), weights, strict=True):
                parameter.copy_(before)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_buffers"],
    hint="The running means and variances come back, but the count of batches does not; it is a "
    "whole number among the buffers. Save all buffers, whatever their type.",
)
def floating_buffers_only(model, optimizer, run):
    weights = {k: v.clone() for k, v in model.state_dict().items() if v.is_floating_point()}
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights, strict=False)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_error"],
    hint="When the run fails, nothing is put back: the error leaves your function before it gets "
    "there. A test that is interrupted is exactly the one that wrecks a network unseen.",
)
def only_when_all_goes_well(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    result = run()
    model.load_state_dict(weights)
    optimizer.load_state_dict(settings)
    for layer, mode in modes:
        layer.training = mode
    torch.set_rng_state(randomness)
    return result


@mistake(
    exercise="rehearse",
    loses=["rehearse_error"],
    hint="The error of the run disappears in your function, and the caller believes that all went "
    "well. Put everything back, and let the error pass.",
)
def swallows_the_error(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        result = run()
    except ArithmeticError:
        result = None
    model.load_state_dict(weights)
    optimizer.load_state_dict(settings)
    for layer, mode in modes:
        layer.training = mode
    torch.set_rng_state(randomness)
    return result


@mistake(
    exercise="rehearse",
    loses=["rehearse_error"],
    hint="An error of the run reaches the caller as another one. Whoever waits for an out of memory "
    "or a keyboard interrupt will not recognise it: put things back and let the same error go on.",
)
def another_error_instead(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    except Exception as error:
        raise ArithmeticError("the range test failed") from error
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_weights"],
    hint="What the run returned is lost: your function returns nothing. The losses of a range test "
    "are what it was made for.",
)
def forgets_the_result(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_error", "rehearse_optimizer"],
    hint="The optimizer is not put back. It goes on with the huge rate of the last step and with a "
    "momentum that belongs to a network which is no more; the first step of the training flies off.",
)
def forgets_the_optimizer(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_optimizer"],
    hint="The rate is put back and the momentum is not. Momentum is a running sum of gradients; "
    "those of the exploding network are in it, and push the restored one for many steps.",
)
def puts_back_the_rate_only(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = [group["lr"] for group in optimizer.param_groups]
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        for group, rate in zip(optimizer.param_groups, settings, strict=True):
            group["lr"] = rate
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_optimizer"],
    hint="You wipe the optimizer's state. For a new optimizer that is right by chance, but one in "
    "use had gathered momentum before the rehearsal, and loses it here.",
)
def wipes_the_momentum(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = [group["lr"] for group in optimizer.param_groups]
    modes = [(layer, layer.training) for layer in model.modules()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.state.clear()
        for group, rate in zip(optimizer.param_groups, settings, strict=True):
            group["lr"] = rate
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_modes"],
    hint="The modes are not put back: a network that came in evaluation mode leaves in training "
    "mode, and the next prediction is made with dropout.",
)
def forgets_the_modes(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_modes"],
    hint="You remember the mode of the model and set it for all of its layers. A layer that was "
    "frozen in evaluation mode within a training network is woken up by that: each layer has a "
    "mode of its own.",
)
def one_mode_for_all_layers(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    mode = model.training
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        model.train(mode)
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_modes"],
    hint="Afterwards everything is in evaluation mode, however it was before. The training that "
    "follows would run without dropout, and nobody would notice.",
)
def leaves_evaluation_mode(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        model.eval()
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_modes"],
    hint="The modes of the layers come back, but not that of the model as a whole, which is a module "
    "too and has a mode of its own; list it with its layers.",
)
def only_the_children(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.children()]
    randomness = torch.get_rng_state()
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.set_rng_state(randomness)


@mistake(
    exercise="rehearse",
    loses=["rehearse_random"],
    hint="The random numbers go on from where the rehearsal left them. So a training gives another "
    "result when a range test was run before it, and nobody will know why.",
)
def forgets_the_random_state(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode


@mistake(
    exercise="rehearse",
    loses=["rehearse_random"],
    hint="You seed the random numbers instead of putting them back. Whatever seed the caller had "
    "chosen, from now on everybody gets the same numbers, yours.",
)
def seeds_instead(model, optimizer, run):
    weights = copy.deepcopy(model.state_dict())
    settings = copy.deepcopy(optimizer.state_dict())
    modes = [(layer, layer.training) for layer in model.modules()]
    try:
        return run()
    finally:
        model.load_state_dict(weights)
        optimizer.load_state_dict(settings)
        for layer, mode in modes:
            layer.training = mode
        torch.manual_seed(0)


@mistake(
    exercise="rehearse",
    loses=[
        "rehearse_weights",
        "rehearse_error",
        "rehearse_buffers",
        "rehearse_optimizer",
        "rehearse_modes",
        "rehearse_random",
    ],
    hint="You make a copy of the model and leave it at that. The run does not know of your copy: it "
    "trains the model it was written for, and nothing brings that one back.",
)
def copies_the_model_in_vain(model, optimizer, run):
    model = copy.deepcopy(model)
    return run()


# --- 4 smooth ----------------------------------------------------------------------------


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="The average starts at 0 and you do not correct for it: the first values are far too "
    "small, and a curve that never moves seems to rise. What is constant must stay constant.",
)
def no_debiasing(values, beta):
    average, smoothed = 0.0, []
    for value in values:
        average = beta * average + (1 - beta) * value
        smoothed.append(average)
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=["smooth_noise"],
    hint="The two weights have changed places: you keep 1 - beta of the past and take in beta of "
    "the new value. A beta near 1 is to mean much smoothing, and yours hardly smooths at all.",
)
def weights_swapped(values, beta):
    average, smoothed = 0.0, []
    for i, value in enumerate(values, start=1):
        average = (1 - beta) * average + beta * value
        smoothed.append(average / (1 - (1 - beta) ** i) if beta else value)
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=["smooth_by_hand", "smooth_noise", "smooth_whole_numbers"],
    hint="You start with the first value instead of 0. Then it counts as much as all the values "
    "after it together for a long time, with beta = 0.98 for about fifty steps. The debiased "
    "average gives it no such privilege.",
)
def starts_at_the_first_value(values, beta):
    average, smoothed = values[0], []
    for value in values:
        average = beta * average + (1 - beta) * value
        smoothed.append(average)
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="The corrected average goes back into the running one, so that each step corrects what has "
    "been corrected already. Two numbers must be kept apart: the running one, and what you list.",
)
def feeds_the_correction_back(values, beta):
    average, smoothed = 0.0, []
    for i, value in enumerate(values, start=1):
        average = (beta * average + (1 - beta) * value) / (1 - beta**i)
        smoothed.append(average)
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="You divide by 1 - beta at every step. That is the right correction for the first value, "
    "and from the second on it is too strong: the weight that is missing shrinks with each step.",
)
def the_same_correction_each_time(values, beta):
    average, smoothed = 0.0, []
    for value in values:
        average = beta * average + (1 - beta) * value
        smoothed.append(average / (1 - beta))
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="The exponent is one ahead: after the first value the weight that is missing is beta, not "
    "its square. Do the first line of the pencil table once more.",
)
def exponent_one_ahead(values, beta):
    average, smoothed = 0.0, []
    for i, value in enumerate(values, start=2):
        average = beta * average + (1 - beta) * value
        smoothed.append(average / (1 - beta**i))
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="The exponent starts at 0, and 1 - beta ** 0 is 0: your first average is divided by "
    "nothing. One value has been seen by then, so count from 1.",
)
def exponent_from_zero(values, beta):
    average, smoothed = 0.0, []
    with np.errstate(all="ignore"):
        for i, value in enumerate(values):
            average = beta * average + (1 - beta) * value
            smoothed.append(np.float64(average) / (1 - beta**i))
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=["smooth_by_hand", "smooth_noise", "smooth_whole_numbers"],
    hint="You average all values so far evenly. Old values should fade, each beta times less than "
    "the one after it; an even mean becomes slower and slower and hardly sees the explosion.",
)
def plain_mean_so_far(values, beta):
    values = np.asarray(values, dtype=float)
    return np.cumsum(values) / np.arange(1, len(values) + 1)


@mistake(
    exercise="smooth",
    loses=["smooth_whole_numbers"],
    hint="Whole numbers go in and whole numbers come out: your array took its type from the values "
    "and cuts off what is behind the point. An average needs floats.",
)
def whole_numbers_stay_whole(values, beta):
    smoothed = np.zeros_like(values)
    average = 0.0
    for i, value in enumerate(values):
        average = beta * average + (1 - beta) * value
        smoothed[i] = average / (1 - beta ** (i + 1))
    return smoothed


@mistake(
    exercise="smooth",
    loses=["smooth_nan"],
    hint="NaN is passed over as if nothing had happened. An average that hides a NaN hides that the "
    "training broke; from there on it has to be NaN.",
)
def passes_over_nan(values, beta):
    average, smoothed = 0.0, []
    for i, value in enumerate(values, start=1):
        average = beta * average + (1 - beta) * np.nan_to_num(value)
        smoothed.append(average / (1 - beta**i))
    return np.array(smoothed)


@mistake(
    exercise="smooth",
    loses=[
        "smooth_by_hand",
        "smooth_constant",
        "smooth_noise",
        "smooth_whole_numbers",
        "smooth_nan",
    ],
    hint="You return the last average alone. The curve needs one for each value, in order.",
)
def the_last_average_only(values, beta):
    average = 0.0
    for value in values:
        average = beta * average + (1 - beta) * value
    return average / (1 - beta ** len(values))


# --- 5 stop_step -------------------------------------------------------------------------


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_limit"],
    hint="You compare with the first loss. The limit follows the *best* loss so far: a network that "
    "got from 2 down to 0.5 and is back at 2.1 has lost everything, though 2.1 is about where it "
    "began.",
)
def compares_with_the_first(smoothed, factor=4.0):
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * smoothed[0]:
            return step
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_limit"],
    hint="You compare with the loss one step before. A smoothed loss climbs in small steps, each "
    "less than fourfold, up to any height; compare with the best so far.",
)
def compares_with_the_one_before(smoothed, factor=4.0):
    before = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * before:
            return step
        before = loss
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_at_nan", "stop_limit"],
    hint="You compare with the best loss of the whole curve, which the test cannot know while it "
    "runs: the losses to come have not been computed. Only what lies before counts.",
)
def looks_into_the_future(smoothed, factor=4.0):
    best = np.nanmin(smoothed)
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * best:
            return step
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_limit"],
    hint="At exactly the limit you stop already; the test goes on until the loss is *more* than that "
    "many times the best.",
)
def stops_at_exactly_the_limit(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss >= factor * best:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_at_nan", "stop_edges"],
    hint="NaN slips through: it is neither larger nor smaller than anything, so no comparison ever "
    "stops for it. It has to be asked for by itself.",
)
def nan_slips_through(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if loss > factor * best or loss == math.inf:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_edges"],
    hint="An infinite loss right at the start goes unnoticed: there is no best loss yet that it could "
    "be four times of. Ask whether each loss is finite, not only whether it is NaN.",
)
def infinity_at_the_start_slips_through(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if math.isnan(loss) or loss > factor * best:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_at_nan", "stop_edges", "stop_limit"],
    hint="You return the last step that was still fine; asked for is the first that is not. (So "
    "that a slice up to it holds all the good ones.)",
)
def the_last_good_step(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * best:
            return step - 1
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_at_nan", "stop_edges", "stop_limit"],
    hint="Your steps are counted from 1. An index counts from 0, as Python does.",
)
def counts_from_one(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed, start=1):
        if not math.isfinite(loss) or loss > factor * best:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_edges", "stop_limit"],
    hint="If nothing stops the test, your function ends without an answer and returns None. The "
    "whole curve is good then, and its length says so.",
)
def nothing_if_nothing_stops(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > factor * best:
            return step
        best = min(best, loss)
    return None


@mistake(
    exercise="stop_step",
    loses=["stop_limit"],
    hint="The factor is always four in your function, whatever was asked for. It is an argument "
    "because other people have other noise.",
)
def always_four(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > 4 * best:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_limit"],
    hint="You add the factor to the best loss instead of multiplying. Four above the best would be "
    "much for a loss of 0.1 and little for one of 40; a multiple suits both.",
)
def adds_the_factor(smoothed, factor=4.0):
    best = math.inf
    for step, loss in enumerate(smoothed):
        if not math.isfinite(loss) or loss > best + factor:
            return step
        best = min(best, loss)
    return len(smoothed)


@mistake(
    exercise="stop_step",
    loses=["stop_by_hand", "stop_at_nan", "stop_edges", "stop_limit"],
    hint="You return the loss at which the test stops; asked for is the index of its step, with "
    "which one can cut the rates as well.",
)
def returns_the_loss(smoothed, factor=4.0):
    best = math.inf
    for loss in smoothed:
        if not math.isfinite(loss) or loss > factor * best:
            return loss
        best = min(best, loss)
    return len(smoothed)


# --- 6 trim ------------------------------------------------------------------------------


@mistake(
    exercise="trim",
    loses=["trim_nothing"],
    hint="When nothing is to be cut at the end, nothing is left: a slice that ends at minus zero ends "
    "at the beginning. Count the end of the slice from the front.",
)
def minus_zero(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    if len(broken):
        kept = slice(len(losses) // 10, broken[0] - skip_end)
    else:
        kept = slice(len(losses) // 10, -skip_end)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken"],
    hint="Losses that are not finite are still among what you return. Every comparison with NaN is "
    "false, so a rule that meets one points anywhere; the curve ends before the first of them.",
)
def keeps_what_is_not_finite(rates, losses, skip_end=5):
    kept = slice(len(losses) // 10, len(losses) - skip_end)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken"],
    hint="You take out the losses that are not finite and keep what comes after them. After a NaN "
    "the training is broken, and a loss that looks fine again is none.",
)
def takes_out_only_the_broken_ones(rates, losses, skip_end=5):
    finite = np.isfinite(losses)
    last = int(finite.sum()) - skip_end
    return rates[finite][len(losses) // 10 : last], losses[finite][len(losses) // 10 : last]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken"],
    hint="The points at the end are cut off before you look for the first loss that is not finite, so "
    "that those right before it stay. They are the ones on their way to the explosion.",
)
def cuts_before_looking(rates, losses, skip_end=5):
    first, last = len(losses) // 10, len(losses) - skip_end
    rates, losses = rates[first:last], losses[first:last]
    broken = np.flatnonzero(~np.isfinite(losses))
    end = broken[0] if len(broken) else len(losses)
    return rates[:end], losses[:end]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken"],
    hint="At the start you cut off a tenth of the points before the break; asked for is a tenth of "
    "all points, n // 10, however early the curve ends.",
)
def a_tenth_of_the_finite_ones(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    kept = slice(n_finite // 10, n_finite - skip_end)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_broken"],
    hint="You stop at the last loss that is not finite instead of the first. What lies between the "
    "two comes from a broken training.",
)
def up_to_the_last_break(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[-1] if len(broken) else len(losses)
    kept = slice(len(losses) // 10, n_finite - skip_end)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_broken"],
    hint="You notice NaN but not infinity. The largest of all losses would stay on the curve, and "
    "everything after it.",
)
def notices_nan_but_not_infinity(rates, losses, skip_end=5):
    broken = np.flatnonzero(np.isnan(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    kept = slice(len(losses) // 10, n_finite - skip_end)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken", "trim_nothing"],
    hint="The start of the curve is still there. The first averages rest on very few values, and "
    "jump; a tenth of the points goes.",
)
def keeps_the_start(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    return rates[: n_finite - skip_end], losses[: n_finite - skip_end]


@mistake(
    exercise="trim",
    loses=["trim_by_hand", "trim_broken", "trim_nothing", "trim_short"],
    hint="The losses are cut and the rates are not, so that the two no longer belong together: the "
    "third loss of yours would be read at the first rate.",
)
def cuts_the_losses_only(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    return rates, losses[len(losses) // 10 : n_finite - skip_end]


@mistake(
    exercise="trim",
    loses=["trim_nothing", "trim_short"],
    hint="You always cut five points at the end, whatever number was asked for.",
)
def always_five(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    kept = slice(len(losses) // 10, n_finite - 5)
    return rates[kept], losses[kept]


@mistake(
    exercise="trim",
    loses=["trim_nothing", "trim_short"],
    hint="The tenth at the start is rounded up. Of 25 points 2 go, and of 9 points none.",
)
def rounds_up(rates, losses, skip_end=5):
    broken = np.flatnonzero(~np.isfinite(losses))
    n_finite = broken[0] if len(broken) else len(losses)
    kept = slice(math.ceil(len(losses) / 10), n_finite - skip_end)
    return rates[kept], losses[kept]


# --- 7 steepest_and_minimum --------------------------------------------------------------


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve"],
    hint="Your slope is by the rate itself. Then a tiny fall between two tiny rates is steeper than "
    "everything else, and the answer is always near the left end. Per *factor* means: by the "
    "logarithm.",
)
def slope_by_the_rate(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / (rates[2:] - rates[:-2])
    return rates[np.argmin(slopes) + 1], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="The rate at the minimum is not divided by ten. There the loss no longer falls, and a step "
    "further it explodes: it is the one rate on the curve that is surely too high.",
)
def the_minimum_itself(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmin(slopes) + 1], rates[np.argmin(losses)]


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="You found where the *slope is largest*, and that is where the loss climbs fastest: in the "
    "explosion. A fall is a negative slope, and the steepest one the most negative.",
)
def the_steepest_climb(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmax(slopes) + 1], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve"],
    hint="You look for the steepest slope in either direction. At the end of a curve the loss climbs "
    "faster than it ever fell; only falling counts.",
)
def steepest_either_way(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmax(np.abs(slopes)) + 1], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="The first slope belongs to the second rate, the one between its two neighbours. You read "
    "every slope off one rate too far to the left.",
)
def one_point_to_the_left(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmin(slopes)], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="You take differences between one point and the next. They belong to the gaps between the "
    "rates and not to the rates; the slope at a rate is that from its left neighbour to its right "
    "one.",
)
def one_sided_differences(rates, losses):
    slopes = np.diff(losses) / np.diff(np.log(rates))
    return rates[np.argmin(slopes)], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_uneven"],
    hint="You compare the differences of the loss and forget how far apart the rates are. Where the "
    "spacing is uneven, a wide gap looks steep only because it is wide.",
)
def differences_without_distances(rates, losses):
    slopes = losses[2:] - losses[:-2]
    return rates[np.argmin(slopes) + 1], rates[np.argmin(losses)] / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="Your second number is the index or rate of a tenth of the lowest *loss*; asked for is a "
    "tenth of the *rate* at which the loss is lowest.",
)
def a_tenth_of_the_loss(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmin(slopes) + 1], np.min(losses) / 10


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="The two numbers are right and have changed places: first comes the steepest one, then the "
    "tenth of the minimum.",
)
def in_the_other_order(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return rates[np.argmin(losses)] / 10, rates[np.argmin(slopes) + 1]


@mistake(
    exercise="steepest_and_minimum",
    loses=["steepest_by_hand", "steepest_smooth_curve", "steepest_uneven"],
    hint="You return the places on the curve, as indices. Asked for are the rates that stand there.",
)
def indices_instead_of_rates(rates, losses):
    slopes = (losses[2:] - losses[:-2]) / np.log(rates[2:] / rates[:-2])
    return int(np.argmin(slopes)) + 1, int(np.argmin(losses))


# --- 8 valley ----------------------------------------------------------------------------


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour", "valley_first"],
    hint="Your valley ends at the first loss that sticks out. Points above it are to be skipped, or "
    "else noise cuts every valley to pieces of three or four.",
)
def without_skipping(rates, losses):
    lengths = [1]
    for i in range(1, len(losses)):
        lengths.append(lengths[-1] + 1 if losses[i] < losses[i - 1] else 1)
    n = max(lengths)
    return rates[lengths.index(n) - n + n // 3 + n // 6]


@mistake(
    exercise="valley",
    loses=["valley_noise", "valley_detour", "valley_first"],
    hint="You collect each new record low. One deep dip early on ends your valley, for nothing after "
    "it is lower; the longest valley would rather leave out the dip.",
)
def record_lows(rates, losses):
    best, n, end = math.inf, 0, 0
    for i in range(len(losses)):
        if losses[i] < best:
            best, n, end = losses[i], n + 1, i
    return rates[max(end - n + n // 3 + n // 6, 0)]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_detour", "valley_first"],
    hint="Equal losses count as falling in your valley. Each has to be *lower* than the one before: "
    "a flat piece is no way down.",
)
def flat_counts_as_falling(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] >= losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    return rates[lengths.index(n) - n + n // 3 + n // 6]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour", "valley_first"],
    hint="Your valley goes uphill: you looked for the longest series in which each loss is *higher* "
    "than the one before.",
)
def the_longest_climb(rates, losses):
    lengths = []
    for i in range(len(losses)):
        lower = [lengths[j] for j in range(i) if losses[j] < losses[i]]
        lengths.append(1 + max(lower, default=0))
    n = max(lengths)
    return rates[lengths.index(n) - n + n // 3 + n // 6]


@mistake(
    exercise="valley",
    loses=["valley_noise", "valley_detour", "valley_first"],
    hint="Of several valleys that are longest you take the last to end, and the first is asked for: "
    "at lower rates a fall is safer.",
)
def the_last_of_several(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    end = max(i for i in range(len(losses)) if lengths[i] == n)
    return rates[end - n + n // 3 + n // 6]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour", "valley_first"],
    hint="You return the rate at the end of the valley, its bottom. That is where the loss is about "
    "to rise; half way down is asked for.",
)
def the_bottom(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    return rates[lengths.index(max(lengths))]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour", "valley_first"],
    hint="A half is n // 2 in your formula. The rule counts a third and a sixth, each rounded down "
    "by itself, and for some lengths that makes one less.",
)
def a_plain_half(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    return rates[lengths.index(n) - n + n // 2]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour"],
    hint="You go a third of the way and forget the sixth: half way down is the sum of both.",
)
def only_a_third(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    return rates[lengths.index(n) - n + n // 3]


@mistake(
    exercise="valley",
    loses=["valley_noise", "valley_detour", "valley_first"],
    hint="Each length counts *how many* earlier points are higher. A valley is a series: what counts "
    "is the longest one among them, plus one, for they need not form a series together.",
)
def counts_all_higher_points(rates, losses):
    lengths = [1 + sum(losses[j] > losses[i] for j in range(i)) for i in range(len(losses))]
    n = int(max(lengths))
    return rates[max(lengths.index(n) - n + n // 3 + n // 6, 0)]


@mistake(
    exercise="valley",
    loses=["valley_by_hand", "valley_noise", "valley_detour", "valley_first"],
    hint="You return the index of the place instead of the rate that stands there.",
)
def the_index(rates, losses):
    lengths = []
    for i in range(len(losses)):
        higher = [lengths[j] for j in range(i) if losses[j] > losses[i]]
        lengths.append(1 + max(higher, default=0))
    n = max(lengths)
    return lengths.index(n) - n + n // 3 + n // 6


@mistake(
    exercise="valley",
    loses=["valley_noise", "valley_first"],
    hint="You compare each loss only with the one right before it, and carry the count on over points "
    "that stick out. What you count are the steps down, and after a climb they start from higher "
    "up: no series that falls.",
)
def counts_the_steps_down(rates, losses):
    n, end = 1, 0
    for i in range(1, len(losses)):
        if losses[i] < losses[i - 1]:
            n, end = n + 1, i
    return rates[max(end - n + n // 3 + n // 6, 0)]


# --- 9 across_seeds ----------------------------------------------------------------------


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand"],
    hint="Your median is that of the rates themselves. For an even number of seeds it takes the plain "
    "mean of the two in the middle, and between factors the middle is where the logarithms meet.",
)
def median_of_the_rates(rates):
    return np.median(rates), np.max(rates) / np.min(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd"],
    hint="You take the mean of the rates. A single seed with a rate a hundred times as high decides "
    "it all alone; the median of the logarithms would not even notice.",
)
def mean_of_the_rates(rates):
    return np.mean(rates), np.max(rates) / np.min(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd"],
    hint="The logarithms are right, but you take their mean, which makes the geometric mean. One odd "
    "seed still drags it along; the median does not care how odd it is.",
)
def geometric_mean(rates):
    return np.exp(np.mean(np.log(rates))), np.max(rates) / np.min(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd", "across_units"],
    hint="The median is still a logarithm. Take it back to a rate with the exponential.",
)
def stays_in_logarithms(rates):
    return np.median(np.log(rates)), np.max(rates) / np.min(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd", "across_units"],
    hint="Your spread is a difference. From 0.01 to 0.02 and from 1.00 to 1.01 are the same "
    "difference, and not at all the same uncertainty: divide instead.",
)
def spread_as_a_difference(rates):
    return np.exp(np.median(np.log(rates))), np.max(rates) - np.min(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd"],
    hint="Your spread counts orders of magnitude, that is, it is still a logarithm. Asked for is the "
    "factor itself.",
)
def spread_in_decades(rates):
    return np.exp(np.median(np.log(rates))), np.log10(np.max(rates) / np.min(rates))


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd", "across_units"],
    hint="Your spread is a standard deviation. With a handful of seeds, and on this scale, the two "
    "extremes say more: by what factor may you be off?",
)
def spread_as_a_deviation(rates):
    return np.exp(np.median(np.log(rates))), np.std(rates)


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd"],
    hint="You divide the last rate by the first as they come. The seeds are in no order: take the "
    "largest and the smallest.",
)
def last_over_first(rates):
    return np.exp(np.median(np.log(rates))), rates[-1] / rates[0]


@mistake(
    exercise="across_seeds",
    loses=["across_by_hand", "across_odd"],
    hint="The spread is upside down: the smallest divided by the largest is below 1. It should say how "
    "many *times* as large the largest one is.",
)
def spread_upside_down(rates):
    return np.exp(np.median(np.log(rates))), np.min(rates) / np.max(rates)


# --- 10 experiment -----------------------------------------------------------------------


@mistake(
    exercise="experiment",
    loses=["experiment_reaches", "experiment_other_seed"],
    hint="Your rate is beyond the cliff: near 1 the networks end where guessing would get them. It is "
    "where the curve of the range test is lowest, and that curve speaks late.",
)
def rate_at_the_minimum(train, seeds):
    accuracies = [train(1.0, seed) for seed in seeds]
    return {
        "rate": 1.0,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_reaches", "experiment_other_seed"],
    hint="Your rate stands at the edge of the cliff, where steepest points: some networks get away "
    "with it and others do not. Step back by a factor of a few.",
)
def rate_at_the_edge(train, seeds):
    accuracies = [train(0.6, seed) for seed in seeds]
    return {
        "rate": 0.6,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_reaches", "experiment_other_seed"],
    hint="Your rate is safe and slow: seven epochs are over before the network has learnt what it "
    "could. Adam's usual 0.001 is a rate for Adam; this is gradient descent with momentum.",
)
def rate_for_another_optimizer(train, seeds):
    accuracies = [train(0.001, seed) for seed in seeds]
    return {
        "rate": 0.001,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="Only the best seed is in your report. The bad seed is the one that the reader needs to hear "
    "of: it may be theirs.",
)
def reports_the_best_seed(train, seeds):
    best = max(train(0.1, seed) for seed in seeds)
    return {"rate": 0.1, "accuracies": [best], "mean": best, "spread": 0.0}


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="You leave out the worst seed as an outlier. With the seeds that are left the spread looks "
    "half as wide and the mean is better than what anybody will get.",
)
def drops_the_worst_seed(train, seeds):
    accuracies = [train(0.1, seed) for seed in seeds]
    accuracies.remove(min(accuracies))
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / max(len(accuracies), 1),
        "spread": max(accuracies, default=0.0) - min(accuracies, default=0.0),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="You train with the first seed over and over. Five times the same draw is one draw, and its "
    "spread of 0 is not the spread of the method.",
)
def the_same_seed_every_time(train, seeds):
    accuracies = [train(0.1, seeds[0]) for _ in seeds]
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="Your seeds are 0, 1, 2 and so on, instead of those that were asked for. Seeds are chosen "
    "beforehand, so that nobody can pick the lucky ones.",
)
def seeds_of_its_own(train, seeds):
    accuracies = [train(0.1, seed) for seed in range(len(seeds))]
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report"],
    hint="The accuracies are sorted, and nobody can tell any more which belongs to which seed. Leave "
    "them in the order of the seeds.",
)
def sorts_the_accuracies(train, seeds):
    accuracies = sorted(train(0.1, seed) for seed in seeds)
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": accuracies[-1] - accuracies[0],
    }


@mistake(
    exercise="experiment",
    loses=["experiment_calls"],
    hint="You try several rates on the very seeds that you report on, and keep the best. That measures "
    "luck together with the rate. Choose on other seeds, then report on these.",
)
def picks_the_winner_on_the_spot(train, seeds):
    results = {rate: [train(rate, seed) for seed in seeds] for rate in (0.03, 0.1, 0.3)}
    rate = max(results, key=lambda each: sum(results[each]))
    return {
        "rate": rate,
        "accuracies": results[rate],
        "mean": sum(results[rate]) / len(seeds),
        "spread": max(results[rate]) - min(results[rate]),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_calls"],
    hint="Your report names one rate, and the networks were trained with another. Nobody could repeat "
    "it.",
)
def reports_another_rate(train, seeds):
    accuracies = [train(0.05, seed) for seed in seeds]
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="Your spread is a standard deviation; asked for is the distance from the lowest accuracy to "
    "the highest, which hides nothing.",
)
def deviation_as_the_spread(train, seeds):
    accuracies = [train(0.1, seed) for seed in seeds]
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": float(np.mean(accuracies)),
        "spread": float(np.std(accuracies)),
    }


@mistake(
    exercise="experiment",
    loses=["experiment_report", "experiment_calls"],
    hint="Your accuracies are percentages. `train` gives parts of 1, and a report that changes the unit "
    "on the way invites everyone to compare 95 with 0.95.",
)
def in_percent(train, seeds):
    accuracies = [100 * train(0.1, seed) for seed in seeds]
    return {
        "rate": 0.1,
        "accuracies": accuracies,
        "mean": sum(accuracies) / len(accuracies),
        "spread": max(accuracies) - min(accuracies),
    }
