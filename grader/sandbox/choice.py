"""Which sandbox to use: the safe one, unless another is asked for by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from grader.errors import SandboxError
from grader.sandbox.base import Sandbox, View
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.none import NoSandbox
from grader.sandbox.zygote import SharedZygote

__all__ = ["SANDBOXES", "OpenSandbox", "choose_sandbox"]

SANDBOXES: dict[str, Callable[..., Sandbox]] = {"bubblewrap": Bubblewrap, "none": NoSandbox}


def choose_sandbox(name: str = "bubblewrap", view: View | None = None) -> Sandbox:
    """The sandbox called `name`, once it has shown that it works here.

    Args:
        name: see `SANDBOXES`.
        view: what its learners see of an assignment's files, and what they import.

    Raises:
        SandboxError: when there is none of that name, or it does not work here. Other
            people's code is never run unconfined because something is missing.
    """
    if name not in SANDBOXES:
        raise SandboxError(f"no sandbox is called {name!r}; there are: {', '.join(SANDBOXES)}")
    sandbox = SANDBOXES[name](view=view)
    reason = sandbox.unavailable()
    if reason is not None:
        raise SandboxError(
            f"{reason}. To grade only work that you trust, without a sandbox: --sandbox none"
        )
    return sandbox


@dataclass(frozen=True)
class OpenSandbox:
    """Opens sandboxes of one name in a worker; those of `view` share the zygote, if there is one.

    Nothing is tried out: `choose_sandbox` has seen it work.
    """

    name: str
    view: View = field(default_factory=View)
    zygote: SharedZygote | None = None

    def __call__(self, view: View | None = None) -> Sandbox:
        """A sandbox whose learners see `view`."""
        if self.zygote is not None and (view or View()) == self.view:
            return Bubblewrap(view=view, zygote=self.zygote)
        return SANDBOXES[self.name](view=view)
