"""Right answers of `lr_finding` in plain loops, one number at a time, in Python's own types."""

ANSWERS = {
    "growing_rates": """
def growing_rates(start, end, n):
    factor = (end / start) ** (1 / (n - 1))
    rates = [float(start)]
    while len(rates) < n:
        rates.append(rates[-1] * factor)
    return rates
""",
    "record_losses": """
def record_losses(model, batches, optimizer, rates):
    losses = []
    where = 0
    for rate in rates:
        if where == len(batches):
            where = 0
        x, y = batches[where]
        where += 1
        for number in range(len(optimizer.param_groups)):
            optimizer.param_groups[number]["lr"] = float(rate)
        optimizer.zero_grad(set_to_none=False)
        loss = nn.CrossEntropyLoss()(model(x), y)
        value = float(loss)
        losses.append(value)
        if value != value or value == float("inf") or value == float("-inf"):
            return losses
        loss.backward()
        optimizer.step()
    return losses
""",
    "rehearse": """
def rehearse(model, optimizer, run):
    saved = []
    for tensor in list(model.parameters()) + list(model.buffers()):
        saved.append((tensor, tensor.detach().clone()))
    groups = [dict(group) for group in optimizer.param_groups]
    state = {}
    for parameter, entries in optimizer.state.items():
        state[parameter] = {}
        for name, value in entries.items():
            state[parameter][name] = value.clone() if torch.is_tensor(value) else value
    modes = {}
    for name, layer in model.named_modules():
        modes[name] = layer.training
    random = torch.get_rng_state()
    try:
        result = run()
    finally:
        for tensor, before in saved:
            tensor.data.copy_(before)
        for group, before in zip(optimizer.param_groups, groups):
            group.update(before)
        optimizer.state.clear()
        for parameter, entries in state.items():
            optimizer.state[parameter] = entries
        for name, layer in model.named_modules():
            layer.training = modes[name]
        torch.set_rng_state(random)
    return result
""",
    "smooth": """
def smooth(values, beta):
    out = []
    for i in range(len(values)):
        weights = total = 0.0
        for j in range(i + 1):
            weight = beta ** (i - j)
            weights += weight
            total += weight * float(values[j])
        out.append(total / weights)
    return out
""",
    "stop_step": """
def stop_step(smoothed, factor=4.0):
    for i in range(len(smoothed)):
        loss = float(smoothed[i])
        if loss != loss or loss in (float("inf"), float("-inf")):
            return i
        for j in range(i):
            if loss > factor * smoothed[j]:
                return i
    return i + 1
""",
    "trim": """
def trim(rates, losses, skip_end=5):
    n = 0
    while n < len(losses) and math.isfinite(losses[n]):
        n += 1
    kept_rates, kept_losses = [], []
    for i in range(len(losses) // 10, n - skip_end):
        kept_rates.append(rates[i])
        kept_losses.append(losses[i])
    return np.array(kept_rates), np.array(kept_losses)
""",
    "steepest_and_minimum": """
def steepest_and_minimum(rates, losses):
    best_slope, steepest = math.inf, None
    lowest, at = math.inf, None
    for i in range(len(rates)):
        if losses[i] < lowest:
            lowest, at = losses[i], rates[i]
        if 0 < i < len(rates) - 1:
            run = math.log10(rates[i + 1]) - math.log10(rates[i - 1])
            slope = (losses[i + 1] - losses[i - 1]) / run
            if slope < best_slope:
                best_slope, steepest = slope, rates[i]
    return [float(steepest), float(at) / 10]
""",
    "valley": """
def valley(rates, losses):
    n = len(losses)
    length = [1] * n
    for i in range(n):
        for j in range(i):
            if losses[j] > losses[i] and length[j] + 1 > length[i]:
                length[i] = length[j] + 1
    end = 0
    for i in range(n):
        if length[i] > length[end]:
            end = i
    long = length[end]
    return float(rates[end - long + long // 3 + long // 6])
""",
    "across_seeds": """
def across_seeds(rates):
    ordered = sorted(float(rate) for rate in rates)
    n = len(ordered)
    if n % 2:
        typical = ordered[n // 2]
    else:
        typical = math.sqrt(ordered[n // 2 - 1] * ordered[n // 2])
    return typical, ordered[-1] / ordered[0]
""",
    "experiment": """
def experiment(train, seeds):
    total, low, high = 0.0, 1.0, 0.0
    accuracies = []
    for seed in seeds:
        value = train(0.05, seed)
        accuracies.append(value)
        total += value
        low, high = min(low, value), max(high, value)
    mean = total / len(accuracies)
    return {"rate": 0.05, "accuracies": accuracies, "mean": mean, "spread": high - low}
""",
}
