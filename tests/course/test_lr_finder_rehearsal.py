"""After a range test everything is as before, however it ended."""

import copy
import math
import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.functional import cross_entropy
from torch.utils.data import BatchSampler, DataLoader, RandomSampler, TensorDataset

from course.errors import ArgumentError, DivergenceError
from course.lr_finder import lr_range_test
from course.schedules import ScheduledOptimizer, constant

# the shape checker of the tests draws from Python's generator, which is watched here
pytestmark = pytest.mark.usefixtures("unchecked")


class Noisy(nn.Module):
    """Draws from every global generator, swaps a buffer for another, and meddles a lot."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 3)
        )
        self.register_buffer("seen", torch.zeros(()), persistent=False)
        self.register_buffer("lazy", None)

    def forward(self, inputs):
        self.seen = self.seen + 1
        self.lazy = torch.ones(1)
        self.layers[3].bias.requires_grad_(True)
        noise = random.random() + np.random.random()  # noqa: NPY002 - the point of it
        return self.layers(inputs + 1e-3 * noise)


class Ending:
    """A loss that is cross-entropy up to a certain batch, and then something else."""

    def __init__(self, end):
        self.calls, self.end = 0, end

    def __call__(self, outputs, targets):
        self.calls += 1
        loss = cross_entropy(outputs, targets)
        return loss if self.calls < 4 else self.end(loss)


def raising(error):
    def end(loss):
        raise error

    return end


ENDINGS = {
    "all steps": (lambda loss: loss, None),
    "divergence": (lambda loss: loss * 1e9, None),
    "NaN": (lambda loss: loss * math.nan, None),
    "an exception": (raising(ZeroDivisionError()), ZeroDivisionError),
    "Ctrl-C": (raising(KeyboardInterrupt()), KeyboardInterrupt),
    "a loss that is none": (lambda loss: loss[None], ArgumentError),
}


def loader():
    generator = np.random.default_rng(0)
    inputs = torch.from_numpy(generator.normal(size=(40, 4)).astype(np.float32))
    dataset = TensorDataset(inputs, torch.from_numpy(generator.integers(0, 3, 40)))
    sampler = RandomSampler(dataset, generator=torch.Generator().manual_seed(1))
    return DataLoader(
        dataset, batch_size=8, sampler=sampler, generator=torch.Generator().manual_seed(2)
    )


OPTIMIZERS = {
    "SGD": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
    "Adam": lambda groups: torch.optim.Adam(groups, lr=0.01, amsgrad=True),
    "a rate that is a tensor": lambda groups: torch.optim.SGD(groups, lr=torch.tensor(0.1)),
}


def trained(kind):
    """A model in the middle of its training, in a state with all kinds of odd details."""
    model = Noisy()
    model.layers[3].bias.requires_grad_(False)
    groups = [{"params": model.layers[0].parameters()}, {"params": model.layers[3].parameters()}]
    optimizer = OPTIMIZERS[kind](groups)
    optimizer.param_groups[1]["weight_decay"] = 0.25
    for inputs, targets in loader():
        optimizer.zero_grad()
        cross_entropy(model.layers(inputs), targets).backward()
        optimizer.step()
    model.eval()
    model.layers.train()
    model.layers[1].eval()
    return model, optimizer


def plain(value):
    """Numbers that can be compared, of whatever holds tensors."""
    if isinstance(value, torch.Tensor):
        return id(value), value.detach().numpy().tobytes()
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [plain(entry) for entry in value]
    return value


def everything(model, optimizer, batches):
    """All that must not change, by value and, for tensors, by identity too."""
    sampler = batches.sampler.generator
    return copy.deepcopy(
        {
            "parameters": plain(dict(model.named_parameters())),
            "buffers": plain({name: dict(m._buffers) for name, m in model.named_modules()}),
            "gradients": plain([parameter.grad for parameter in model.parameters()]),
            "requires_grad": [parameter.requires_grad for parameter in model.parameters()],
            "modes": [module.training for module in model.modules()],
            "groups": [(id(group), plain(group)) for group in optimizer.param_groups],
            "state": {id(p): plain(state) for p, state in optimizer.state.items()},
            "torch": torch.get_rng_state().numpy().tobytes(),
            "numpy": str(np.random.get_state()),  # noqa: NPY002 - the caller's
            "python": random.getstate(),
            "loader": batches.generator.get_state().numpy().tobytes(),
            "sampler": sampler.get_state().numpy().tobytes(),
        }
    )


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("ending", ENDINGS)
def test_nothing_has_changed_after(ending, kind):
    end, error = ENDINGS[ending]
    model, optimizer = trained(kind)
    batches, loss = loader(), Ending(end)
    before = everything(model, optimizer, batches)
    if error is None:
        lr_range_test(model, batches, loss, optimizer, steps=8, end=1.0)
    else:
        with pytest.raises(error):
            lr_range_test(model, batches, loss, optimizer, steps=8, end=1.0)
    assert loss.calls >= 4
    after = everything(model, optimizer, batches)
    for what in before:
        assert after[what] == before[what], what


def test_the_rehearsal_really_moved_what_is_put_back():
    """Else the test above could pass because nothing ever happens."""
    model, optimizer = trained("Adam")
    batches = loader()
    before, seen = everything(model, optimizer, batches), []

    def loss(outputs, targets):
        seen.append(everything(model, optimizer, batches))
        return cross_entropy(outputs, targets)

    lr_range_test(model, batches, loss, optimizer, steps=8, end=1.0)
    assert {what for what in before if seen[-1][what] != before[what]} == set(before)


def test_a_loss_that_is_not_finite_at_once_leaves_everything_too():
    model, optimizer = trained("SGD")
    batches = loader()
    before = everything(model, optimizer, batches)
    with pytest.raises(DivergenceError):
        lr_range_test(model, batches, lambda outputs, _: outputs.sum() * math.nan, optimizer)
    assert everything(model, optimizer, batches) == before


def test_an_error_inside_the_loader_leaves_everything_too():
    model, optimizer = trained("SGD")
    batches = loader()

    class Broken:
        generator = np.random.default_rng(7)

        def __iter__(self):
            self.generator.random()
            yield next(iter(batches))
            raise KeyboardInterrupt

    before = everything(model, optimizer, batches)
    del before["loader"], before["sampler"]  # it draws from those of another loader
    with pytest.raises(KeyboardInterrupt):
        lr_range_test(model, Broken(), cross_entropy, optimizer)
    after = everything(model, optimizer, batches)
    assert {what: after[what] for what in before} == before
    assert Broken.generator.random() == np.random.default_rng(7).random()


SAMPLED = {
    "as batches": lambda sampler: {"sampler": sampler, "batch_size": 8},
    "one by one": lambda sampler: {"sampler": sampler, "batch_size": None},
    "by a batch sampler": lambda sampler: {"batch_sampler": BatchSampler(sampler, 8, False)},
}


@pytest.mark.parametrize("how", SAMPLED)
def test_the_generator_of_a_sampler_is_put_back(how):
    dataset = TensorDataset(torch.ones(24, 4), torch.zeros(24, dtype=torch.int64))
    generator = torch.Generator().manual_seed(3)
    batches = DataLoader(dataset, **SAMPLED[how](RandomSampler(dataset, generator=generator)))
    before = generator.get_state()
    model = nn.Linear(4, 3)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    lr_range_test(model, batches, cross_entropy, optimizer, steps=5)
    assert torch.equal(before, generator.get_state())


def test_parameters_of_a_loss_are_put_back_too():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(1))

        def forward(self, outputs, targets):
            return cross_entropy(self.scale * outputs, targets)

    model, loss = nn.Linear(4, 3), Scaled().eval()
    optimizer = torch.optim.SGD([*model.parameters(), *loss.parameters()], lr=0.1)
    lr_range_test(model, loader(), loss, optimizer, steps=20, end=1.0)
    assert loss.scale.item() == 1.0
    assert not loss.training


def test_a_scheduled_optimizer_goes_on_as_if_nothing_had_been():
    def run(*, rehearse):
        torch.manual_seed(0)
        model, optimizer = trained("Adam")
        scheduled = ScheduledOptimizer(optimizer, constant(0.01))
        if rehearse:
            lr_range_test(model, loader(), cross_entropy, optimizer, steps=20)
        for inputs, targets in loader():
            scheduled.zero_grad()
            cross_entropy(model(inputs), targets).backward()
            scheduled.step()
        return torch.cat([parameter.detach().flatten() for parameter in model.parameters()])

    random.seed(0)
    np.random.seed(0)  # noqa: NPY002 - the model draws from it on purpose
    first = run(rehearse=False)
    random.seed(0)
    np.random.seed(0)  # noqa: NPY002
    assert torch.equal(first, run(rehearse=True))
