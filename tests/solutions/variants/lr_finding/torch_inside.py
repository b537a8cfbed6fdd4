"""Right answers of `lr_finding` by PyTorch, some of which return tensors."""

ANSWERS = {
    "growing_rates": """
def growing_rates(start, end, n):
    powers = torch.linspace(0, 1, n, dtype=torch.float64)
    return start * (end / start) ** powers
""",
    "record_losses": """
def record_losses(model, batches, optimizer, rates):
    losses = []
    for step, rate in enumerate(rates):
        x, y = batches[step - step // len(batches) * len(batches)]
        loss = F.nll_loss(F.log_softmax(model(x), dim=1), y)
        losses.append(loss)
        if bool(torch.isnan(loss) | torch.isinf(loss)):
            break
        gradients = torch.autograd.grad(loss, list(model.parameters()))
        for parameter, gradient in zip(model.parameters(), gradients):
            parameter.grad = gradient
        for group in optimizer.param_groups:
            group["lr"] = rate
        optimizer.step()
    return [loss.item() for loss in losses]
""",
    "rehearse": """
from contextlib import contextmanager


@contextmanager
def put_back(model, optimizer):
    before = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
    modes = {module: module.training for module in model.modules()}
    random = torch.random.get_rng_state()
    try:
        yield
    finally:
        model.load_state_dict(before[0])
        optimizer.load_state_dict(before[1])
        for module in modes:
            module.training = modes[module]
        torch.random.set_rng_state(random)


def rehearse(model, optimizer, run):
    with put_back(model, optimizer):
        return run()
""",
    "smooth": """
def smooth(values, beta):
    values = torch.as_tensor(values, dtype=torch.float64)
    average = torch.zeros((), dtype=torch.float64)
    out = torch.empty_like(values)
    for i, value in enumerate(values):
        average = torch.lerp(value, average, beta)
        out[i] = average / (1 - beta ** (i + 1))
    return out
""",
    "stop_step": """
def stop_step(smoothed, factor=4.0):
    losses = torch.as_tensor(smoothed, dtype=torch.float64)
    best = torch.cummin(losses, dim=0).values
    stops = torch.nonzero(~torch.isfinite(losses) | (losses > factor * best))
    return stops[0, 0].item() if len(stops) else len(losses)
""",
    "trim": """
def trim(rates, losses, skip_end=5):
    broken = torch.nonzero(~torch.isfinite(torch.as_tensor(losses))).flatten().tolist()
    end = (broken + [len(losses)])[0] - skip_end
    start = len(losses) // 10
    return torch.as_tensor(rates)[start:end], torch.as_tensor(losses)[start:end]
""",
    "steepest_and_minimum": """
def steepest_and_minimum(rates, losses):
    rates, losses = torch.as_tensor(rates), torch.as_tensor(losses)
    slopes = (losses[2:] - losses[:-2]) / (rates[2:].log() - rates[:-2].log())
    return rates[1:-1][slopes.argmin()].item(), rates[losses.argmin()] / 10
""",
    "valley": """
def valley(rates, losses):
    losses = torch.as_tensor(losses)
    lengths = torch.ones(len(losses), dtype=torch.long)
    for i in range(1, len(losses)):
        higher = losses[:i] > losses[i]
        if higher.any():
            lengths[i] = lengths[:i][higher].max() + 1
    n = int(lengths.max())
    end = int((lengths == n).nonzero()[0])
    return torch.as_tensor(rates)[end - n + n // 3 + n // 6]
""",
    "across_seeds": """
def across_seeds(rates):
    rates = torch.as_tensor(rates, dtype=torch.float64)
    return torch.quantile(rates.log(), 0.5).exp(), rates.amax() / rates.amin()
""",
    "experiment": """
def experiment(train, seeds):
    rate = 10**-1.5
    accuracies = torch.tensor([train(rate, seed) for seed in seeds], dtype=torch.float64)
    return {
        "rate": torch.tensor(rate, dtype=torch.float64),
        "accuracies": accuracies,
        "mean": accuracies.mean(),
        "spread": accuracies.max() - accuracies.min(),
    }
""",
}
