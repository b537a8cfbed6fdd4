"""Right answers of `lr_finding` that lean on helpers and classes in cells the learner added."""

EXTRA_CELLS = [
    """
import bisect
import statistics
from math import inf, isfinite

import numpy as np

my_choice = 0.08
""",
    '''
class Average:
    """A debiased average that is fed one value at a time."""

    def __init__(self, beta):
        self.beta, self.sum, self.weight = beta, 0.0, 0.0

    def __call__(self, value):
        self.sum = self.beta * self.sum + value
        self.weight = self.beta * self.weight + 1
        return self.sum / self.weight


def state_of(thing):
    return copy.deepcopy(thing.state_dict())
''',
]

ANSWERS = {
    "growing_rates": """
def growing_rates(start, end, n):
    def rate(i):
        part = i / (n - 1)
        return start ** (1 - part) * end**part

    return [rate(i) for i in range(n)]
""",
    "record_losses": """
def record_losses(model, batches, optimizer, rates):
    def one_step(inputs, labels, rate):
        def closure():
            optimizer.zero_grad()
            loss = F.cross_entropy(model(inputs), labels)
            loss.backward()
            return loss

        with torch.no_grad():
            loss = F.cross_entropy(model(inputs), labels).item()
        if isfinite(loss):
            for group in optimizer.param_groups:
                group["lr"] = rate
            optimizer.step(closure)
        return loss

    losses = []
    for i, rate in enumerate(rates):
        losses.append(one_step(*batches[i % len(batches)], rate))
        if not isfinite(losses[-1]):
            return losses
    return losses
""",
    "rehearse": """
def rehearse(model, optimizer, run):
    weights, settings, random = state_of(model), state_of(optimizer), torch.get_rng_state()
    frozen = {module for module in model.modules() if not module.training}
    try:
        return run()
    except BaseException:
        raise
    finally:
        torch.set_rng_state(random)
        optimizer.load_state_dict(settings)
        model.load_state_dict(weights)
        for module in model.modules():
            module.training = module not in frozen
""",
    "smooth": """
def smooth(values, beta):
    return list(map(Average(beta), values))
""",
    "stop_step": """
def stop_step(smoothed, factor=4.0):
    seen = []
    for loss in smoothed:
        if not isfinite(loss) or (seen and loss / factor > min(seen)):
            break
        seen.append(loss)
    return len(seen)
""",
    "trim": """
def trim(rates, losses, skip_end=5):
    n = next((i for i, loss in enumerate(losses) if not isfinite(loss)), len(losses))
    curve = np.stack([rates, losses])[:, len(losses) // 10 : n - skip_end]
    return curve[0], curve[1]
""",
    "steepest_and_minimum": """
def steepest_and_minimum(rates, losses):
    places = range(1, len(rates) - 1)
    slope = lambda i: (losses[i + 1] - losses[i - 1]) / np.log(rates[i + 1] / rates[i - 1])
    return rates[min(places, key=slope)], rates[list(losses).index(min(losses))] * 0.1
""",
    "valley": """
def valley(rates, losses):
    # patience sorting: tails[k] is minus the highest end of all falls of k + 1 losses so far
    tails, best, end = [], 0, 0
    for i, loss in enumerate(losses):
        place = bisect.bisect_left(tails, -loss)
        tails[place : place + 1] = [-loss]
        if place + 1 > best:
            best, end = place + 1, i
    return rates[end - best + best // 3 + best // 6]
""",
    "across_seeds": """
def across_seeds(rates):
    rates = [float(rate) for rate in rates]
    low, high = statistics.median_low(rates), statistics.median_high(rates)
    return (low * high) ** 0.5, max(rates) / min(rates)
""",
    "experiment": """
def experiment(train, seeds):
    results = {seed: train(my_choice, seed) for seed in seeds}
    ordered = sorted(results.values())
    return dict(
        rate=my_choice,
        accuracies=[results[seed] for seed in seeds],
        mean=statistics.fmean(ordered),
        spread=ordered[-1] - ordered[0],
    )
""",
}
