"""Right answers of `sgdr` by other ways: other identities, state dicts, the statistics module."""

ANSWERS = {
    "cosine_annealing": """
def cosine_annealing(step, steps, highest, lowest=0.0):
    # (1 + cos a) / 2 = cos(a / 2) ** 2
    return lowest + (highest - lowest) * math.cos(math.pi * step / (2 * steps)) ** 2
""",
    "warm_restarts": """
def warm_restarts(step, highest, lowest, T_0, T_mult):
    if step >= T_0:
        return warm_restarts(step - T_0, highest, lowest, T_0 * T_mult, T_mult)
    x = torch.tensor(math.pi * step / T_0, dtype=torch.float64)
    return (lowest + (highest - lowest) * (1 + torch.cos(x)) / 2).item()
""",
    "cycle_ends": """
from itertools import accumulate


def cycle_ends(n_cycles, cycle_len, cycle_mult):
    return tuple(accumulate(cycle_len * cycle_mult**i for i in range(n_cycles)))
""",
    "train_with_schedule": """
def train_with_schedule(model, optimizer, X, y, orders, batch_size, share):
    for group in optimizer.param_groups:
        group["peak"] = group["lr"]
    batches = [
        order[i * batch_size : (i + 1) * batch_size]
        for order in orders
        for i in range(-(-len(order) // batch_size))
    ]
    rates = np.zeros((len(batches), len(optimizer.param_groups)))
    for step, rows in enumerate(batches):
        for j, group in enumerate(optimizer.param_groups):
            rates[step, j] = group["lr"] = group["peak"] * share(step)
        model.zero_grad()
        nn.CrossEntropyLoss()(model(X[list(rows)]), y[list(rows)]).backward()
        optimizer.step()
    return rates
""",
    "parameter_groups": """
def parameter_groups(groups, head, ratio=3.0):
    plan = []
    for i, group in enumerate(groups):
        seen = {}
        for module in group.modules():
            for parameter in module.parameters(recurse=False):
                if parameter.requires_grad:
                    seen[id(parameter)] = parameter
        if seen:
            plan += [{"lr": head * ratio ** (i + 1 - len(groups)), "params": list(seen.values())}]
    return plan
""",
    "freeze_to": """
def freeze_to(groups, n):
    for group in groups:
        group.train()
    for i, group in enumerate(groups):
        for module in group.modules():
            if i < n and "BatchNorm" in type(module).__name__:
                module.eval()
            for parameter in module.parameters(recurse=False):
                parameter.requires_grad = i >= n
                if i < n:
                    parameter.grad = None
""",
    "take_snapshots": """
def take_snapshots(model, train_cycle, n_cycles):
    states = []
    for cycle in range(n_cycles):
        train_cycle(cycle)
        states.append({k: v.detach().clone() for k, v in model.state_dict().items()})
    snapshots = []
    for state in states:
        twin = copy.deepcopy(model)
        twin.load_state_dict(state)
        snapshots.append(twin.eval())
    return snapshots
""",
    "snapshot_vote": """
def snapshot_vote(scores):
    shifted = scores - np.max(scores, axis=2, keepdims=True)
    powers = np.exp(shifted)
    return np.einsum("mnc,mn->nc", powers, 1 / powers.sum(axis=2)) / len(scores)
""",
    "epochs_to_reach": """
def epochs_to_reach(accuracies, target):
    table = torch.as_tensor(np.asarray(accuracies))
    epochs = torch.arange(1, table.shape[1] + 1, dtype=torch.float64).expand(table.shape)
    return torch.where(table >= target, epochs, torch.inf).amin(dim=1)
""",
    "race": """
from statistics import fmean, stdev


def race(train, schedules, n_seeds):
    first, report = None, {}
    for name, rates in schedules.items():
        runs = [train(rates, 3 * i + 5)[-1] for i in range(n_seeds)]
        first = first or runs
        gaps = [run - other for run, other in zip(runs, first)]
        report[name] = (fmean(runs), stdev(runs), fmean(gaps), stdev(gaps) / math.sqrt(n_seeds))
    return report
""",
}
