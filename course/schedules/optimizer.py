"""The one place where schedules meet an optimizer.

The option chosen: a thin wrapper whose `step` first sets the values of this step and then
takes it. torch's schedulers set the values of the *next* step after each one, so that the
first and the last call are special, and a forgotten call shifts everything by one.

Whatever holds `param_groups` can be driven: every `torch.optim.Optimizer`, and others
(torch itself is not imported here). The optimizer stays the caller's: its other settings
may be changed at any time, and a rate set by hand lasts until the next step.
"""

from collections.abc import Callable, Mapping, Sequence
from math import inf
from typing import Any, Protocol, runtime_checkable

from course.arrays import Number, describe, require_count, require_number
from course.errors import ArgumentTypeError, ArgumentValueError
from course.schedules.schedule import Schedule, require_schedule

__all__ = ["ScheduledOptimizer"]


@runtime_checkable
class GroupedOptimizer(Protocol):
    """What `ScheduledOptimizer` asks of an optimizer."""

    param_groups: list[dict[str, Any]]

    def step(self, closure: Any = None) -> Any:
        """Take one step."""

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients."""

    def state_dict(self) -> dict[str, Any]:
        """Everything to go on from."""

    def load_state_dict(self, state_dict: Any) -> None:
        """Go on from there."""


class ScheduledOptimizer:
    """An optimizer that takes step k with the values that its schedules have for step k.

    Args:
        optimizer: any torch optimizer.
        schedule: of the learning rate; or a sequence of them, one per parameter group.
        factors: what to multiply the rate by in each parameter group, for instance
            (1/9, 1/3, 1) for differential rates with the head last.
        momentum: a schedule of the momentum (of beta 1 where the optimizer has betas) of all
            groups; left out, the momentum stays as it is.

    Attributes:
        optimizer: the one that was given.
        steps_taken: how many steps were taken, which is the number of the next one.

    Raises:
        ArgumentTypeError: no optimizer, or a schedule that cannot be called.
        ArgumentValueError: if there is not one schedule or factor per parameter group, a
            factor is negative, or the optimizer knows no momentum.

    Example:
        Each step moves the weight by its own rate, as the gradient is 1:

        >>> import torch
        >>> from course.schedules import linear
        >>> w = torch.zeros(1, requires_grad=True)
        >>> optimizer = ScheduledOptimizer(torch.optim.SGD([w], lr=1.0), linear(4.0, 1.0, 3))
        >>> for _ in range(3):
        ...     optimizer.zero_grad()
        ...     w.sum().backward()
        ...     optimizer.step()
        ...     print(w.item())
        -4.0
        -7.0
        -9.0
    """

    def __init__(
        self,
        optimizer: GroupedOptimizer,
        schedule: Schedule | Sequence[Schedule],
        *,
        factors: Sequence[Number] | None = None,
        momentum: Schedule | None = None,
    ) -> None:
        _require_optimizer(optimizer)
        self.optimizer = optimizer
        self.steps_taken = 0
        self._schedules = _one_per_group(optimizer, schedule)
        self._factors = _factors(optimizer, factors)
        if momentum is not None:
            _require_momentum(optimizer, momentum)
        self._momentum = momentum

    @property
    def rates(self) -> tuple[float, ...]:
        """The rate of each parameter group in the next step.

        Raises:
            ArgumentValueError: if a schedule gives a rate that is negative or not finite.

        Example:
            >>> import torch
            >>> from course.schedules import constant
            >>> w = torch.zeros(1, requires_grad=True)
            >>> ScheduledOptimizer(torch.optim.SGD([w], lr=1.0), constant(0.5)).rates
            (0.5,)
        """
        k = self.steps_taken
        rates = [_checked(schedule(k), k) for schedule in self._schedules]
        # a single schedule serves all groups
        return tuple([rates[at % len(rates)] * f for at, f in enumerate(self._factors)])

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Set the values of this step, and take it. A step that raises is not counted.

        Args:
            closure: for optimizers that evaluate the loss themselves, such as LBFGS.

        Returns:
            What the optimizer returns: the loss if there is a closure.

        Raises:
            ArgumentValueError: as `rates`; or if parameter groups were added since.
        """
        groups, rates = self.optimizer.param_groups, self.rates
        if len(groups) != len(rates):
            expected = f"{len(rates)} parameter groups, as when it was wrapped"
            hint = "Add parameter groups before you wrap the optimizer."
            raise ArgumentValueError("optimizer", f"{len(groups)}", expected, hint)
        for group, rate in zip(groups, rates, strict=True):
            _set(group, "lr", rate)
        if self._momentum is not None:
            _set_momentum(groups, float(self._momentum(self.steps_taken)))
        result = self.optimizer.step() if closure is None else self.optimizer.step(closure)
        self.steps_taken += 1
        return result

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients, as the optimizer's method of this name."""
        self.optimizer.zero_grad(set_to_none=set_to_none)

    def state_dict(self) -> dict[str, Any]:
        """The number of steps taken and the optimizer's own state; schedules are code.

        Example:
            >>> import torch
            >>> from course.schedules import constant
            >>> w = torch.zeros(1, requires_grad=True)
            >>> sorted(ScheduledOptimizer(torch.optim.SGD([w]), constant(0.5)).state_dict())
            ['optimizer', 'steps_taken']
        """
        return {"steps_taken": self.steps_taken, "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where another one stopped that was made with the same schedules.

        Raises:
            ArgumentValueError: if it is not the state of a `ScheduledOptimizer`.
        """
        if set(state_dict) != {"steps_taken", "optimizer"}:
            expected = "the keys 'steps_taken' and 'optimizer'"
            hint = "Pass what ScheduledOptimizer.state_dict() returned."
            raise ArgumentValueError("state_dict", str(sorted(state_dict)), expected, hint)
        taken = require_count("steps_taken", state_dict["steps_taken"], at_least=0)
        self.optimizer.load_state_dict(state_dict["optimizer"])
        self.steps_taken = taken


def _require_optimizer(optimizer: object) -> None:
    if not isinstance(optimizer, GroupedOptimizer):
        hint = "Pass torch.optim.SGD(model.parameters(), lr=0.1), for instance."
        raise ArgumentTypeError("optimizer", describe(optimizer), "a torch optimizer", hint)


def _one_per_group(
    optimizer: GroupedOptimizer, schedule: Schedule | Sequence[Schedule]
) -> tuple[Schedule, ...]:
    """The schedules: a single one serves all parameter groups."""
    if not isinstance(schedule, Sequence):
        require_schedule("schedule", schedule)
        return (schedule,)
    for each in schedule:
        require_schedule("schedule", each)
    _require_one_per_group("schedule", len(schedule), optimizer)
    return tuple(schedule)


def _factors(optimizer: GroupedOptimizer, factors: Sequence[Number] | None) -> tuple[float, ...]:
    if factors is None:
        return (1.0,) * len(optimizer.param_groups)
    checked = tuple(require_number("factors", factor) for factor in factors)
    _require_one_per_group("factors", len(checked), optimizer)
    return checked


def _require_one_per_group(name: str, count: int, optimizer: GroupedOptimizer) -> None:
    groups = len(optimizer.param_groups)
    if count != groups:
        hint = "Their order is that of optimizer.param_groups."
        raise ArgumentValueError(name, str(count), f"{groups}, one per parameter group", hint)


def _require_momentum(optimizer: GroupedOptimizer, momentum: object) -> None:
    require_schedule("momentum", momentum)
    if not all("betas" in group or "momentum" in group for group in optimizer.param_groups):
        expected = "an optimizer with momentum or betas"
        hint = "Leave momentum out, or use SGD or Adam."
        raise ArgumentValueError("momentum", type(optimizer).__name__, expected, hint)


def _checked(rate: Any, step: int) -> float:
    number = float(rate)
    if not 0 <= number < inf:
        hint = "Look at the schedule with course.schedules.sample."
        raise ArgumentValueError("schedule", f"{number} at step {step}", "finite rates >= 0", hint)
    return number


def _set(group: dict[str, Any], key: str, value: float) -> None:
    """Set a number; one that torch keeps as a tensor is changed in place."""
    before = group[key]
    if type(before) is not float and hasattr(before, "fill_"):
        before.fill_(value)
    else:
        group[key] = value


def _set_momentum(groups: list[dict[str, Any]], value: float) -> None:
    for group in groups:
        if "betas" in group:
            group["betas"] = (value, *group["betas"][1:])
        else:
            _set(group, "momentum", value)
