"""A stretch of training that leaves no trace.

What is put back, however the stretch ends (early, by an exception, by Ctrl-C): every
parameter and buffer, bit for bit and as the same tensor, its `requires_grad` and its
gradient; the mode of each submodule; the optimizer's state, rates and other settings; and
the random state of torch on the CPU and on the devices of the model, of NumPy's global
generator, of Python's `random`, and of the generators that a `DataLoader` and its samplers
hold. Not put back: what a data set or a hook keeps in attributes of its own.

The option chosen: tensors are cloned and copied back in place, because the optimizer and
others hold them; the optimizer's state is set aside and the stretch works on a copy.
"""

import copy
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn

__all__ = ["rehearsal"]

Undo = Callable[[], object]


@contextmanager
def rehearsal(
    modules: Iterable[nn.Module], optimizer: torch.optim.Optimizer, loader: object
) -> Iterator[None]:
    """Put everything back at the end of the block.

    Example:
        >>> model = nn.Linear(1, 1)
        >>> before = model.weight.item()
        >>> with rehearsal([model], torch.optim.SGD(model.parameters(), lr=1.0), []):
        ...     _ = nn.init.zeros_(model.weight)
        >>> model.weight.item() == before
        True
    """
    models = list(modules)
    with ExitStack() as stack:
        for undo in [*_random_states(models, loader), *map(_structure, models)]:
            stack.callback(undo)
        for tensor in _tensors(models, optimizer):
            stack.callback(_tensor(tensor))
        stack.callback(_settings(optimizer))
        yield


def _tensors(models: list[nn.Module], optimizer: torch.optim.Optimizer) -> list[torch.Tensor]:
    """All parameters and buffers, and whatever else the optimizer would change, each once."""
    found = [tensor for model in models for tensor in (*model.parameters(), *model.buffers())]
    for group in optimizer.param_groups:
        found += group["params"]
        found += [value for value in group.values() if isinstance(value, torch.Tensor)]
    return list({id(tensor): tensor for tensor in found}.values())


def _tensor(tensor: torch.Tensor) -> Undo:
    """Set the gradient of a tensor aside; what puts it back, with the values."""
    values, flag = tensor.detach().clone(), tensor.requires_grad
    gradient = tensor.grad if tensor.is_leaf else None
    tensor.grad = None

    def undo() -> None:
        with torch.no_grad():
            tensor.copy_(values)
        if tensor.is_leaf:
            tensor.requires_grad_(flag)
            tensor.grad = gradient

    return undo


def _structure(model: nn.Module) -> Undo:
    """The modes, and which tensor is registered under which name."""
    modes = [(module, module.training) for module in model.modules()]
    tables: list[tuple[dict[str, Any], dict[str, Any]]] = [
        (table, dict(table))
        for module in model.modules()
        for table in (module._parameters, module._buffers)
    ]

    def undo() -> None:
        for module, training in modes:
            module.training = training
        for table, saved in tables:
            table.clear()
            table.update(saved)

    return undo


def _settings(optimizer: torch.optim.Optimizer) -> Undo:
    """Let the optimizer work on a copy of its state; what puts the original back."""
    groups = [(group, dict(group)) for group in optimizer.param_groups]
    state = dict(optimizer.state)
    optimizer.state.update({parameter: copy.deepcopy(state[parameter]) for parameter in state})

    def undo() -> None:
        for group, saved in groups:
            group.clear()
            group.update(saved)
        optimizer.state.clear()
        optimizer.state.update(state)

    return undo


def _random_states(models: list[nn.Module], loader: object) -> Iterator[Undo]:
    python, numpy = random.getstate(), np.random.get_state()  # noqa: NPY002 - the caller's
    cpu = torch.get_rng_state()
    yield lambda: random.setstate(python)
    yield lambda: np.random.set_state(numpy)  # noqa: NPY002 - loaders may draw from it
    yield lambda: torch.set_rng_state(cpu)
    for device in {p.device for model in models for p in model.parameters()}:
        if device.type not in ("cpu", "meta"):
            yield _device_state(device)
    for generator in _generators(loader):
        yield _generator_state(generator)


def _device_state(device: torch.device) -> Undo:
    module: Any = torch.get_device_module(device)
    place = () if device.type == "mps" else (device,)  # there is only one of it
    state = module.get_rng_state(*place)
    return lambda: module.set_rng_state(state, *place)


def _generators(loader: object) -> list[Any]:
    """The generators that a DataLoader, its sampler or its batch sampler draws from."""
    batches = getattr(loader, "batch_sampler", None)
    holders = loader, getattr(loader, "sampler", None), batches, getattr(batches, "sampler", None)
    held = [getattr(holder, "generator", None) for holder in holders]
    kinds = torch.Generator, np.random.Generator
    return list({id(each): each for each in held if isinstance(each, kinds)}.values())


def _generator_state(generator: Any) -> Undo:
    if isinstance(generator, torch.Generator):
        state = generator.get_state()
        return lambda: generator.set_state(state)
    saved = generator.bit_generator.state
    return lambda: setattr(generator.bit_generator, "state", saved)
