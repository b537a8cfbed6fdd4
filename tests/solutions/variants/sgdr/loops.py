"""Right answers of `sgdr` in plain loops, one number at a time."""

ANSWERS = {
    "cosine_annealing": """
def cosine_annealing(step, steps, highest, lowest=0.0):
    angle = step / steps * math.pi
    way_left = 0.5 * (math.cos(angle) + 1.0)
    return highest * way_left + lowest * (1 - way_left)
""",
    "warm_restarts": """
def warm_restarts(step, highest, lowest, T_0, T_mult):
    length, position = T_0, 0
    for _ in range(step):
        position += 1
        if position == length:
            position = 0
            length *= T_mult
    return lowest + 0.5 * (highest - lowest) * (1 + math.cos(position / length * math.pi))
""",
    "cycle_ends": """
def cycle_ends(n_cycles, cycle_len, cycle_mult):
    ends = []
    for last in range(n_cycles):
        total = 0
        for i in range(last + 1):
            total += cycle_len * cycle_mult**i
        ends.append(total)
    return ends
""",
    "train_with_schedule": """
def train_with_schedule(model, optimizer, X, y, orders, batch_size, share):
    peaks = []
    for group in optimizer.param_groups:
        peaks.append(group["lr"])
    rates, step = [], 0
    for order in orders:
        rest = list(order)
        while rest:
            batch, rest = rest[:batch_size], rest[batch_size:]
            taken = []
            for i in range(len(peaks)):
                optimizer.param_groups[i]["lr"] = peaks[i] * share(step)
                taken.append(optimizer.param_groups[i]["lr"])
            scores = model(X[batch])
            loss = 0
            for i, label in enumerate(y[batch]):
                loss = loss + torch.logsumexp(scores[i], 0) - scores[i, label]
            loss = loss / len(batch)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            rates.append(taken)
            step += 1
    return rates
""",
    "parameter_groups": """
def parameter_groups(groups, head, ratio=3.0):
    entries = []
    rate = head
    for group in reversed(list(groups)):
        kept = []
        for parameter in group.parameters():
            if parameter.requires_grad:
                kept.append(parameter)
        if len(kept) > 0:
            entries.insert(0, {"params": kept, "lr": rate})
        rate = rate / ratio
    return entries
""",
    "freeze_to": """
def freeze_to(groups, n):
    for i in range(len(groups)):
        for layer in groups[i].modules():
            if isinstance(layer, (nn.BatchNorm1d, nn.BatchNorm2d)):
                layer.training = i >= n
        for parameter in groups[i].parameters():
            if i < n:
                parameter.requires_grad = False
                parameter.grad = None
            else:
                parameter.requires_grad = True
""",
    "take_snapshots": """
def take_snapshots(model, train_cycle, n_cycles):
    snapshots = []
    cycle = 0
    while len(snapshots) < n_cycles:
        train_cycle(cycle)
        taken = copy.deepcopy(model)
        taken.eval()
        snapshots.append(taken)
        cycle += 1
    return snapshots
""",
    "snapshot_vote": """
def snapshot_vote(scores):
    M, N, C = scores.shape
    vote = np.zeros((N, C))
    for m in range(M):
        for n in range(N):
            powers = [math.exp(s - max(scores[m, n])) for s in scores[m, n]]
            for c in range(C):
                vote[n, c] += powers[c] / sum(powers) / M
    return vote
""",
    "epochs_to_reach": """
def epochs_to_reach(accuracies, target):
    answer = []
    for run in accuracies:
        epochs = math.inf
        for epoch, accuracy in enumerate(run, start=1):
            if accuracy >= target:
                epochs = epoch
                break
        answer.append(epochs)
    return answer
""",
    "race": """
def race(train, schedules, n_seeds):
    def mean(values):
        return sum(values) / len(values)

    def sd(values):
        return math.sqrt(sum((v - mean(values)) ** 2 for v in values) / (len(values) - 1))

    names = list(schedules)
    final = {name: [] for name in names}
    for seed in range(1000, 1000 + n_seeds):
        for name in names:
            final[name].append(train(schedules[name], seed)[-1])
    report = {}
    for name in names:
        d = [a - b for a, b in zip(final[name], final[names[0]])]
        report[name] = [mean(final[name]), sd(final[name]), mean(d), sd(d) / n_seeds**0.5]
    return report
""",
}
