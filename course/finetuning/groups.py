"""A network in groups of layers, from the image to the head.

A group is a module: one of the network's own, or a `ModuleList` of neighbouring layers. What is
guaranteed: every parameter is in exactly one group, and the order is that of registration,
which is that of the computation in a well-written network.
"""

from collections.abc import Sequence
from typing import cast

from torch import nn

from course.errors import ArgumentValueError
from course.finetuning.modes import require_module

__all__ = ["layer_groups", "require_groups"]


def layer_groups(model: nn.Module, cuts: Sequence[str] | None = None) -> list[nn.Module]:
    """Divide a network into groups of layers, the head last.

    Args:
        model: the network.
        cuts: the names (as in `named_modules`) of the layers that each open a new group; with
            k cuts there are k + 1 groups. None for the groups that the model names itself
            (`BodyAndHead.groups`), or else one for each of its children with parameters.

    Returns:
        The groups, each a module with at least one parameter.

    Raises:
        ArgumentTypeError: if `model` is no module.
        ArgumentValueError: if a cut names no layer or they are out of order, a group would have
            no parameter, or a parameter would be in no group or in two.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 3))
        >>> len(layer_groups(net))
        3
        >>> [len(group) for group in layer_groups(net, cuts=["3"])]
        [3, 1]

    Source: fast.ai, lesson 2, `learn.get_layer_groups()`.
    """
    require_module("model", model)
    groups = _own_groups(model) if cuts is None else _cut(model, list(cuts))
    _require_partition(model, groups)
    return groups


def _own_groups(model: nn.Module) -> list[nn.Module]:
    named = getattr(model, "groups", None)
    if named is not None and not callable(named):
        return list(cast("Sequence[nn.Module]", named))
    return [child for child in model.children() if next(child.parameters(), None) is not None]


def _cut(model: nn.Module, cuts: list[str]) -> list[nn.Module]:
    """Groups of leaf layers: a cut opens one at the first leaf at or below its name."""
    leaves = [(name, leaf) for name, leaf in model.named_modules() if not any(leaf.children())]
    starts = [0]
    for cut in cuts:
        found = [i for i, (name, _) in enumerate(leaves) if f"{name}.".startswith(f"{cut}.")]
        if not found or found[0] <= starts[-1]:
            expected = "names of layers, in the order of the network, without the first"
            hint = f"The names: {', '.join(name for name, _ in leaves)}."
            raise ArgumentValueError("cuts", repr(cut), expected, hint)
        starts.append(found[0])
    ends = [*starts[1:], len(leaves)]
    return [
        nn.ModuleList([leaf for _, leaf in leaves[start:end]])
        for start, end in zip(starts, ends, strict=True)
    ]


def _require_partition(model: nn.Module, groups: list[nn.Module]) -> None:
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    grouped = [id(parameter) for group in groups for parameter in group.parameters()]
    for identity, name in names.items():
        if grouped.count(identity) != 1:
            got = f"{name} in {grouped.count(identity)} of {len(groups)} groups"
            hint = (
                "Pass cuts that name where groups begin; layers that share weights stay together."
            )
            raise ArgumentValueError("model", got, "each parameter in exactly one group", hint)
    if not groups or not all(any(True for _ in group.parameters()) for group in groups):
        hint = "Cut only before layers that have weights somewhere behind them."
        raise ArgumentValueError("model", "a group without", "a parameter in each group", hint)


def require_groups(groups: object) -> list[nn.Module]:
    """Check that `groups` are modules, at least one.

    Example:
        >>> require_groups([])
        Traceback (most recent call last):
        course.errors.ArgumentValueError: groups: expected at least one group of layers, \
got none. Use layer_groups(model).
    """
    modules = list(groups) if isinstance(groups, Sequence | nn.ModuleList) else [groups]
    if not modules:
        hint = "Use layer_groups(model)."
        raise ArgumentValueError("groups", "none", "at least one group of layers", hint)
    return [require_module("groups", module) for module in modules]
