"""Right answers of `image_classifier` in the plainest words: loops, one image at a time."""

ANSWERS = {
    "augment": """
def augment(images, shift, light, generator):
    views = torch.empty_like(images)
    height, width = images.shape[2], images.shape[3]
    for i in range(len(images)):
        down = int(torch.randint(-shift, shift + 1, (), generator=generator))
        right = int(torch.randint(-shift, shift + 1, (), generator=generator))
        amount = (2 * torch.rand((), generator=generator).item() - 1) * light
        for row in range(height):
            for column in range(width):
                source_row = min(max(row - down, 0), height - 1)
                source_column = min(max(column - right, 0), width - 1)
                pixel = images[i, :, source_row, source_column] + amount
                views[i, :, row, column] = pixel.clamp(0, 1)
    return views
""",
    "precompute": """
def precompute(body, images, batch_size):
    mode = body.training
    body.train(False)
    rows = []
    for start in range(0, len(images), batch_size):
        rows.extend(body(images[start : start + batch_size]).detach())
    body.train(mode)
    return torch.stack(rows)
""",
    "pick_rate": """
def pick_rate(rates, losses):
    best = 0
    for i, loss in enumerate(losses):
        if math.isnan(loss) or math.isinf(loss):
            break
        if loss < losses[best]:
            best = i
    return rates[best] * 0.1
""",
    "train_head": """
def train_head(head, features, labels, batches, rate):
    velocity = {}
    losses = []
    for batch in batches:
        head.zero_grad()
        loss = -head(features[batch]).log_softmax(dim=1)[range(len(batch)), labels[batch]].mean()
        loss.backward()
        with torch.no_grad():
            for name, parameter in head.named_parameters():
                velocity[name] = 0.9 * velocity.get(name, 0) + parameter.grad
                parameter -= rate * velocity[name]
        losses.append(float(loss.detach()))
    return losses
""",
    "few_label_accuracies": """
def few_label_accuracies(train, valid, per_letter, seeds, fit):
    features, labels = train
    answer = []
    for seed in seeds:
        order = np.random.default_rng(seed).permutation(len(labels))
        chosen, taken = [], {}
        for row in order:
            letter = int(labels[row])
            if taken.get(letter, 0) < per_letter:
                chosen.append(row)
                taken[letter] = taken.get(letter, 0) + 1
        guesses = fit(features[chosen], labels[chosen])(valid[0])
        right = 0
        for guess, truth in zip(guesses, valid[1]):
            right += int(guess == truth)
        answer.append(right / len(valid[1]))
    return answer
""",
    "train_augmented": """
def train_augmented(model, images, labels, epochs, rate, augment, generator):
    model.eval()
    optimizer = torch.optim.SGD(model.head.parameters(), lr=rate, momentum=0.9)
    rates = []
    for epoch in epochs:
        for number in range(len(epoch)):
            batch = epoch[number]
            rates.append(rate / 2 + rate / 2 * math.cos(math.pi * number / len(epoch)))
            for group in optimizer.param_groups:
                group["lr"] = rates[-1]
            features = model.body(augment(images[batch], generator)).detach()
            optimizer.zero_grad()
            nn.CrossEntropyLoss()(model.head(features), labels[batch]).backward()
            optimizer.step()
    return rates
""",
    "freeze_to": """
def freeze_to(groups, n):
    count = len(groups)
    if n < 0:
        n = count + n
    for i in range(count):
        for parameter in groups[i].parameters():
            if i < n:
                parameter.requires_grad = False
                parameter.grad = None
            else:
                parameter.requires_grad = True
        if i < n:
            groups[i].eval()
        else:
            groups[i].train()
""",
    "parameter_groups": """
def parameter_groups(groups, head_rate, ratio):
    answer, rate = [], head_rate
    for group in reversed(groups):
        answer.insert(0, {"params": group.parameters(), "lr": rate})
        rate = rate / ratio
    return answer
""",
    "fit_until_overfitting": """
def fit_until_overfitting(model, run_cycle, valid_loss, most_cycles):
    losses = []
    kept = {}
    cycle = 0
    while cycle < most_cycles:
        run_cycle(model, 2**cycle)
        loss = valid_loss(model)
        losses.append(loss)
        improved = cycle == 0 or loss < min(losses[:-1])
        if not improved:
            break
        kept = {name: tensor.clone() for name, tensor in model.state_dict().items()}
        cycle += 1
    model.load_state_dict(kept)
    return losses
""",
    "tta_probabilities": """
def tta_probabilities(model, images, augment, copies, generator):
    modes = {}
    for name, module in model.named_modules():
        modes[name] = module.training
    model.eval()
    total = torch.softmax(model(images), dim=1).detach()
    for _ in range(copies):
        total = total + torch.softmax(model(augment(images, generator)), dim=1).detach()
    for name, module in model.named_modules():
        module.training = modes[name]
    return total / (1 + copies)
""",
}
