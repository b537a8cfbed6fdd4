"""Which sandbox to use: the safe one, unless another is asked for by name."""

from __future__ import annotations

from collections.abc import Callable

from grader.errors import SandboxError
from grader.sandbox.base import Sandbox, View
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.none import NoSandbox

__all__ = ["SANDBOXES", "choose_sandbox"]

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
