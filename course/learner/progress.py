"""A fit in progress as a checkpoint, and back."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, cast

import torch
from torch import nn

from course.errors import ArgumentValueError
from course.learner.checkpoint import (
    pack_optimizer,
    read_checkpoint,
    unpack_optimizer,
    write_checkpoint,
)
from course.learner.plan import Plan
from course.learner.recorder import EpochRecord, Recorder
from course.learner.training import Training

__all__ = ["Frame", "restore", "save"]


def save(
    path: str | Path,
    training: Training,
    model: nn.Module,
    settings: Mapping[str, int],
    precompute: bool,
) -> None:
    """Write all that the rest of a fit depends on."""
    memory, numbers = pack_optimizer(cast(torch.optim.Optimizer, training.optimizer.optimizer))
    recorder = training.recorder
    tensors = {
        **_prefixed("model/", model.state_dict()),
        **_prefixed("optimizer/", memory),
        "recorder/losses": torch.from_numpy(recorder.losses),
        "recorder/rates": torch.from_numpy(recorder.rates),
    }
    facts = {
        "settings": dict(settings),
        "precompute": precompute,
        "learns": [name for name, p in model.named_parameters() if p.requires_grad],
        "plan": asdict(training.plan),
        "fit": training.batches.fit,
        "steps_taken": training.optimizer.steps_taken,
        "epochs_done": training.epochs_done,
        "stopped": training.stopped,
        "optimizer": numbers,
        "epochs": [asdict(epoch) for epoch in recorder.epochs],
    }
    write_checkpoint(path, tensors, facts)


class Frame:
    """What a checkpoint holds, by name."""

    def __init__(self, path: str | Path) -> None:
        self.tensors, self.facts = read_checkpoint(path)
        self.fit: int = self.facts["fit"]
        self.precompute: bool = self.facts["precompute"]
        plan = self.facts["plan"]
        self.plan = Plan(**(plan | {"rates": tuple(plan["rates"])}))
        self.recorder = Recorder(
            self.tensors["recorder/losses"].tolist(),
            [tuple(row) for row in self.tensors["recorder/rates"].tolist()],
            [EpochRecord(**epoch) for epoch in self.facts["epochs"]],
        )

    def part(self, prefix: str) -> dict[str, torch.Tensor]:
        """The tensors whose names begin so, without it."""
        named = self.tensors.items()
        return {name.removeprefix(prefix): t for name, t in named if name.startswith(prefix)}

    def require(self, model: nn.Module, settings: Mapping[str, int]) -> None:
        """Check that it is the checkpoint of such a learner, before anything is changed."""
        hint = "Make the learner with the same arguments as the one that was interrupted."
        for name, value in settings.items():
            if self.facts["settings"].get(name) != value:
                got = f"{name} = {self.facts['settings'].get(name)}"
                raise ArgumentValueError("path", got, f"a checkpoint of {name} = {value}", hint)
        saved = {name: tensor.shape for name, tensor in self.part("model/").items()}
        own = {name: tensor.shape for name, tensor in model.state_dict().items()}
        if saved != own:
            other = sorted(n for n in {*saved, *own} if saved.get(n) != own.get(n))
            got = f"another one: {', '.join(other[:3])} differ"
            raise ArgumentValueError("path", got, "a checkpoint of this model", hint)

    def restore_model(self, model: nn.Module) -> None:
        """Set the weights, and what learns."""
        model.load_state_dict(self.part("model/"))
        learns = set(self.facts["learns"])
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name in learns)


def restore(frame: Frame, training: Training) -> None:
    """Set a new training to where the other one was."""
    optimizer = cast(torch.optim.Optimizer, training.optimizer.optimizer)
    unpack_optimizer(optimizer, frame.part("optimizer/"), frame.facts["optimizer"])
    state: Any = training.optimizer.state_dict()
    training.optimizer.load_state_dict(state | {"steps_taken": frame.facts["steps_taken"]})
    training.epochs_done = frame.facts["epochs_done"]
    training.stopped = frame.facts["stopped"]


def _prefixed(prefix: str, tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    return {f"{prefix}{name}": tensor for name, tensor in tensors.items()}
