"""Right answers of `image_classifier` that lean on more of PyTorch and the standard library."""

EXTRA_CELLS = [
    '''
from contextlib import contextmanager
from itertools import accumulate, chain, repeat, takewhile


@contextmanager
def resting(module):
    """Evaluation mode without autograd; the mode of each part comes back."""
    before = {part: part.training for part in module.modules()}
    module.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for part, training in before.items():
            part.training = training
''',
]

ANSWERS = {
    "augment": """
def augment(images, shift, light, generator):
    count, _, height, width = images.shape
    wide = nn.ReplicationPad2d(shift)(images)
    places = wide.unfold(2, height, 1).unfold(3, width, 1)
    down, right = (
        torch.randint(0, 1 + 2 * shift, (count,), generator=generator) for _ in range(2)
    )
    views = places[torch.arange(count), :, down, right]
    ends = torch.tensor([[-1.0], [1.0]]).expand(2, count)
    amount = torch.lerp(*ends, torch.rand(count, generator=generator))
    return views.add(light * amount.view(-1, 1, 1, 1)).clamp_(0, 1)
""",
    "precompute": """
def precompute(body, images, batch_size):
    loader = torch.utils.data.DataLoader(images, batch_size=batch_size, shuffle=False)
    with resting(body):
        cache = torch.cat([body(batch) for batch in loader])
    return cache.clone()
""",
    "pick_rate": """
def pick_rate(rates, losses):
    curve = list(takewhile(lambda pair: math.isfinite(pair[1]), zip(rates, losses)))
    return min(curve, key=lambda pair: pair[1])[0] / 10
""",
    "train_head": """
def train_head(head, features, labels, batches, rate):
    optimizer = torch.optim.SGD(head.parameters(), lr=rate, momentum=0.9)
    criterion, losses = nn.CrossEntropyLoss(), []
    for batch in batches:

        def closure():
            optimizer.zero_grad()
            loss = criterion(head(features[batch]), labels[batch])
            loss.backward()
            return loss

        losses.append(optimizer.step(closure).item())
    return torch.tensor(losses, dtype=torch.float64)
""",
    "few_label_accuracies": """
def few_label_accuracies(train, valid, per_letter, seeds, fit):
    accuracies = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        chosen = [
            row
            for letter in sorted(set(train[1].tolist()))
            for row in rng.permutation(np.where(train[1] == letter)[0])[:per_letter]
        ]
        predicted = np.asarray(fit(train[0][chosen], train[1][chosen])(valid[0]))
        accuracies.append(1 - np.count_nonzero(predicted - valid[1]) / len(predicted))
    return tuple(accuracies)
""",
    "train_augmented": """
def train_augmented(model, images, labels, epochs, rate, augment, generator):
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    cycles = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, T_0=len(epochs[0]))
    rates = []
    for batch in chain.from_iterable(epochs):
        rates.append(optimizer.param_groups[0]["lr"])
        with resting(model.body):
            features = model.body(augment(images[batch], generator))
        optimizer.zero_grad()
        F.cross_entropy(model.head(features.clone()), labels[batch]).backward()
        optimizer.step()
        cycles.step()
    return rates
""",
    "freeze_to": """
def freeze_to(groups, n):
    cut = range(len(groups) + 1)[n] if n >= 0 else range(len(groups))[n]
    for module in groups[:cut]:
        module.requires_grad_(False)
        module.zero_grad()
        for part in module.modules():
            if isinstance(part, nn.modules.batchnorm._BatchNorm):
                part.eval()
    for module in groups[cut:]:
        module.requires_grad_(True)
        module.train()
""",
    "parameter_groups": """
def parameter_groups(groups, head_rate, ratio):
    falling = accumulate(repeat(ratio, len(groups) - 1), lambda r, q: r / q, initial=head_rate)
    rates = list(falling)[::-1]
    return [{"params": g.parameters(), "lr": rates[i], "name": i} for i, g in enumerate(groups)]
""",
    "fit_until_overfitting": """
def fit_until_overfitting(model, run_cycle, valid_loss, most_cycles):
    twin, losses, epochs = None, [], 1
    while len(losses) < most_cycles:
        run_cycle(model, epochs)
        losses.append(valid_loss(model))
        if twin is not None and (math.isnan(losses[-1]) or losses[-1] >= losses[-2]):
            break
        twin, epochs = copy.deepcopy(model), epochs * 2
    model.load_state_dict(twin.state_dict())
    return losses
""",
    "tta_probabilities": """
def tta_probabilities(model, images, augment, copies, generator):
    with resting(model):
        views = chain([images], (augment(images, generator) for _ in range(copies)))
        p = torch.stack([model(view).log_softmax(dim=1).exp() for view in views])
    return p.mean(dim=0).clone()
""",
}
