"""Checkpoints: one safetensors file, written as a whole or not at all.

The option chosen: tensors as safetensors, all else as JSON in the header of the same file. (A
pickle, as `torch.save` writes, can run code when it is read; two files could come from two
moments.) A new checkpoint is written beside the old one and then takes its name in one step, so
that a crash while writing leaves the old one.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save

from course.errors import ArgumentTypeError, ArgumentValueError

__all__ = ["pack_optimizer", "read_checkpoint", "unpack_optimizer", "write_checkpoint"]

FORMAT = "saturdays learner 1"
Tensors = dict[str, torch.Tensor]


def write_checkpoint(
    path: str | Path, tensors: Mapping[str, torch.Tensor], facts: Mapping[str, Any]
) -> None:
    """Write tensors and facts to a file, in one step.

    Args:
        path: of the file; its folder exists.
        tensors: by name, on any device.
        facts: whatever JSON can say; NaN and infinity too.

    Example:
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder, "last.safetensors")
        ...     write_checkpoint(path, {"w": torch.ones(2)}, {"step": 3})
        ...     read_checkpoint(path)
        ({'w': tensor([1., 1.])}, {'step': 3})
    """
    # clones: safetensors refuses tensors that share memory, such as tied weights
    plain = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    content = save(plain, {"format": FORMAT, "facts": json.dumps(facts)})
    target = Path(path)
    descriptor, temporary = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(target)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def read_checkpoint(path: str | Path) -> tuple[Tensors, dict[str, Any]]:
    """The tensors, on the CPU, and the facts of a checkpoint.

    Raises:
        ArgumentValueError: if there is no such file, or it is no checkpoint of a learner.

    Example:
        >>> read_checkpoint("nowhere")
        Traceback (most recent call last):
        course.errors.ArgumentValueError: path: expected the checkpoint of a learner, \
got no file at nowhere. Pass what fit was given as checkpoint.
    """
    hint = "Pass what fit was given as checkpoint."
    expected = "the checkpoint of a learner"
    if not Path(path).is_file():
        raise ArgumentValueError("path", f"no file at {path}", expected, hint)
    try:
        with safe_open(path, framework="pt") as file:
            header = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        facts = json.loads(header.get("facts", "null"))
    except (SafetensorError, ValueError) as error:
        raise ArgumentValueError("path", f"a damaged file ({error})", expected, hint) from None
    if header.get("format") != FORMAT or not isinstance(facts, dict):
        raise ArgumentValueError("path", "another safetensors file", expected, hint)
    return tensors, facts


def pack_optimizer(optimizer: torch.optim.Optimizer) -> tuple[Tensors, dict[str, Any]]:
    """The memory of an optimizer: tensors, and numbers by parameter; rates are the schedule's.

    Raises:
        ArgumentTypeError: if it holds anything else.

    Example:
        >>> pack_optimizer(torch.optim.SGD([torch.zeros(1)]))
        ({}, {})
    """
    tensors: Tensors = {}
    numbers: dict[str, Any] = {}
    for index, memory in optimizer.state_dict()["state"].items():
        numbers[str(index)] = {}
        for key, value in memory.items():
            if isinstance(value, torch.Tensor):
                tensors[f"{index}.{key}"] = value
            elif value is None or isinstance(value, bool | int | float):
                numbers[str(index)][key] = value
            else:
                expected = "one whose state is tensors and numbers"
                got = f"{type(optimizer).__name__}, whose {key} is a {type(value).__name__}"
                hint = "Use SGD, Adam or AdamW, or fit without a checkpoint."
                raise ArgumentTypeError("optimizer", got, expected, hint)
    return tensors, numbers


def unpack_optimizer(
    optimizer: torch.optim.Optimizer, tensors: Mapping[str, torch.Tensor], numbers: dict[str, Any]
) -> None:
    """Give an optimizer the memory of another one, which `pack_optimizer` took.

    Example:
        >>> unpack_optimizer(torch.optim.SGD([torch.zeros(1)]), *pack_optimizer(
        ...     torch.optim.SGD([torch.zeros(1)])))
    """
    state: dict[int, dict[str, Any]] = {int(i): dict(memory) for i, memory in numbers.items()}
    for name, tensor in tensors.items():
        index, key = name.split(".", 1)
        state[int(index)][key] = tensor
    groups = optimizer.state_dict()["param_groups"]
    optimizer.load_state_dict({"state": state, "param_groups": groups})
