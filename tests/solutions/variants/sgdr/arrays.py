"""Right answers of `sgdr` in the style of NumPy and of PyTorch's own tools."""

ANSWERS = {
    "cosine_annealing": """
def cosine_annealing(step, steps, highest, lowest=0.0):
    middle, half = (highest + lowest) / 2, (highest - lowest) / 2
    return middle + half * np.cos(np.pi * step / steps)
""",
    "warm_restarts": """
def warm_restarts(step, highest, lowest, T_0, T_mult):
    lengths = [T_0]
    while sum(lengths) <= step:
        lengths.append(lengths[-1] * T_mult)
    starts = np.cumsum([0, *lengths])
    i = np.searchsorted(starts, step, side="right") - 1
    T_cur = step - starts[i]
    return lowest + (highest - lowest) * (1 + np.cos(np.pi * T_cur / lengths[i])) / 2
""",
    "cycle_ends": """
def cycle_ends(n_cycles, cycle_len, cycle_mult):
    return np.cumsum(cycle_len * cycle_mult ** np.arange(n_cycles)).tolist()
""",
    "train_with_schedule": """
def train_with_schedule(model, optimizer, X, y, orders, batch_size, share):
    scheduler = torch.optim.lr_scheduler.LambdaLR(optimizer, share)
    rates = []
    for order in orders:
        for rows in torch.tensor(order).split(batch_size):
            rates.append(scheduler.get_last_lr())
            loss = F.cross_entropy(model(X[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
    return rates
""",
    "parameter_groups": """
def parameter_groups(groups, head, ratio=3.0):
    rates = head * float(ratio) ** np.arange(1 - len(groups), 1)
    learning = [[p for _, p in g.named_parameters() if p.requires_grad] for g in groups]
    return [dict(params=p, lr=float(r)) for p, r in zip(learning, rates) if p]
""",
    "freeze_to": """
def freeze_to(groups, n):
    for group in groups[n:]:
        group.train().requires_grad_(True)
    for group in groups[:n]:
        group.eval().requires_grad_(False).zero_grad()
""",
    "take_snapshots": """
def take_snapshots(model, train_cycle, n_cycles):
    def after(cycle):
        train_cycle(cycle)
        twin = copy.deepcopy(model)
        return twin.train(False)

    return [after(cycle) for cycle in range(n_cycles)]
""",
    "snapshot_vote": """
def snapshot_vote(scores):
    return torch.softmax(torch.tensor(scores), dim=-1).mean(0)
""",
    "epochs_to_reach": """
def epochs_to_reach(accuracies, target):
    accuracies = np.asarray(accuracies)
    best_so_far = np.maximum.accumulate(accuracies, axis=1)
    below = (best_so_far < target).sum(axis=1)
    return [math.inf if n == accuracies.shape[1] else int(n) + 1 for n in below]
""",
    "race": """
def race(train, schedules, n_seeds):
    seeds = np.random.default_rng(7).choice(10_000, size=n_seeds, replace=False)
    final = np.array([[train(r, int(s))[-1] for s in seeds] for r in schedules.values()])
    paired = final - final[0]
    table = np.stack(
        [
            final.mean(axis=1),
            final.std(axis=1, ddof=1),
            paired.mean(axis=1),
            paired.std(axis=1, ddof=1) / np.sqrt(n_seeds),
        ],
        axis=1,
    )
    return dict(zip(schedules, table))
""",
}
