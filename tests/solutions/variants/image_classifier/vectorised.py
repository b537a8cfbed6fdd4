"""Right answers of `image_classifier` with as few loops as possible."""

ANSWERS = {
    "augment": """
def augment(images, shift, light, generator):
    count, channels, height, width = images.shape
    moves = torch.randint(-shift, shift + 1, (2, count), generator=generator)
    rows = (torch.arange(height) + moves[0][:, None]).clamp(0, height - 1)
    columns = (torch.arange(width) + moves[1][:, None]).clamp(0, width - 1)
    one, two = torch.arange(count)[:, None, None, None], torch.arange(channels)[:, None, None]
    views = images[one, two, rows[:, None, :, None], columns[:, None, None, :]]
    amounts = torch.empty(count, dtype=images.dtype).uniform_(-light, light, generator=generator)
    return torch.clip(views + amounts[:, None, None, None], 0.0, 1.0)
""",
    "precompute": """
@torch.no_grad()
def precompute(body, images, batch_size):
    before = body.training
    parts = list(map(body.eval(), torch.split(images, batch_size)))
    body.train(before)
    return torch.vstack(parts)
""",
    "pick_rate": """
def pick_rate(rates, losses):
    usable = np.logical_and.accumulate(np.isfinite(losses))
    return rates[np.where(usable, losses, np.inf).argmin()] / 10
""",
    "train_head": """
def train_head(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)

    def step(batch):
        optimizer.zero_grad(set_to_none=False)
        loss = nn.functional.nll_loss(head(features[batch]).log_softmax(1), labels[batch])
        loss.backward()
        optimizer.step()
        return loss.item()

    return [step(torch.tensor(batch)) for batch in batches]
""",
    "few_label_accuracies": """
def few_label_accuracies(train, valid, per_letter, seeds, fit):
    def accuracy(seed):
        draws = np.random.default_rng(seed).random(len(train[1]))
        order = np.lexsort((draws, train[1]))
        starts = np.searchsorted(train[1][order], np.unique(train[1]))
        rows = order[(starts[:, None] + np.arange(per_letter)).ravel()]
        return (fit(train[0][rows], train[1][rows])(valid[0]) == valid[1]).mean()

    return np.array([accuracy(seed) for seed in seeds])
""",
    "train_augmented": """
def train_augmented(model, images, labels, epochs, rate, augment, generator):
    model.train()
    model.body.eval()
    model.body.requires_grad_(False)
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    cycle = rate * (1 + np.cos(np.pi * np.arange(len(epochs[0])) / len(epochs[0]))) / 2
    for batches in epochs:
        for now, batch in zip(cycle, batches):
            optimizer.param_groups[0]["lr"] = float(now)
            loss = F.cross_entropy(model(augment(images[batch], generator)), labels[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return np.tile(cycle, len(epochs))
""",
    "freeze_to": """
def freeze_to(groups, n):
    learning = groups[n:] if n else groups
    for group in groups:
        learns = any(group is each for each in learning)
        group.requires_grad_(learns).train(learns)
        if not learns:
            group.zero_grad(set_to_none=True)
""",
    "parameter_groups": """
def parameter_groups(groups, head_rate, ratio):
    rates = head_rate * float(ratio) ** np.arange(1 - len(groups), 1)
    return [dict(lr=float(r), params=[*g.parameters()]) for g, r in zip(groups, rates)]
""",
    "fit_until_overfitting": """
def fit_until_overfitting(model, run_cycle, valid_loss, most_cycles):
    states, losses = [], []
    for epochs in 2 ** np.arange(most_cycles):
        run_cycle(model, int(epochs))
        losses.append(valid_loss(model))
        states.append(copy.deepcopy(model.state_dict()))
        if len(losses) > 1 and not losses[-1] < min(losses[:-1]):
            break
    model.load_state_dict(states[int(np.nanargmin(losses))])
    return losses
""",
    "tta_probabilities": """
def tta_probabilities(model, images, augment, copies, generator):
    modules = list(model.modules())
    modes = [module.training for module in modules]
    with torch.no_grad():
        views = torch.cat([images] + [augment(images, generator) for _ in range(copies)])
        p = F.softmax(model.eval()(views), dim=-1)
    for module, mode in zip(modules, modes):
        module.training = mode
    return p.reshape(copies + 1, len(images), -1).mean(0)
""",
}
