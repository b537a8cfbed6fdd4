"""The kernels of notebooks in other languages: which one a notebook asks for, and what it needs.

Guarantees: a kernel that is not installed is told before anything is graded, in one message
that says which notebook asks for it. What the sandbox shows of a kernel is its program and
what it is installed with, and never the course or a whole home folder.
Option chosen: Jupyter's own kernelspecs, found where `nbgrader autograde` finds them. A notebook
whose kernel runs Python is graded as Python, whatever its kernel is called, and by ours.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from grader.errors import GraderError
from grader.foreign.cells import Notebook
from grader.foreign.placing import Plan, Step
from grader.records import Role

if TYPE_CHECKING:  # workers have no use for it
    from jupyter_client.kernelspec import KernelSpec

__all__ = ["Kernel", "asked_for", "find_kernel", "kernel_of", "language_of", "plan_in_kernel"]

# what programs of a distribution look for outside of /usr; nothing in them is secret
_SETTINGS = ("alternatives", "R", "octave.conf", "octaverc", "java", "julia", "fonts", "ghc")
_SEEN = ("/usr", "/bin", "/sbin", "/lib", "/lib64")  # by every process in the sandbox


@dataclass(frozen=True)
class Kernel:
    """A kernel that is installed here.

    Attributes:
        name: of its kernelspec.
        language: as its kernelspec writes it.
        argv: its command, with ``{connection_file}`` still in it.
        environment: what is added to the sandbox's.
        by_message: whether it is interrupted by a message, not by a signal.
        folders: what the sandbox must show of this machine besides the system's libraries.
    """

    name: str
    language: str
    argv: tuple[str, ...]
    environment: tuple[tuple[str, str], ...] = ()
    by_message: bool = False
    folders: tuple[str, ...] = ()


def language_of(metadata: Mapping[str, Any]) -> tuple[str, str]:
    """The name of the kernel that a notebook asks for, and its language in small letters."""
    spec = metadata.get("kernelspec", {})
    name = str(spec.get("name") or "python3")
    said = spec.get("language") or metadata.get("language_info", {}).get("name")
    if not said:
        found = _spec(name)
        python = name.startswith("python") or name.endswith("-py")
        said = found.language if found else "python" if python else name
    return name, str(said).lower()


def kernel_of(notebook: Notebook, hidden: Sequence[Path]) -> Kernel | None:
    """The kernel that a notebook is executed by; None when it is graded as Python.

    Raises:
        GraderError: it is not installed here; says what to do.
    """
    if notebook.language == "python":
        return None
    kernel = find_kernel(notebook.kernel, hidden)
    if kernel is None:
        raise GraderError(
            f"{notebook.path} asks for the kernel `{notebook.kernel}` ({notebook.language}), which "
            f"is not installed here; there are: {', '.join(_names()) or 'none'}. Install "
            "it for the user who grades (`jupyter kernelspec list` shows what is found, and "
            "where). Nothing was graded."
        )
    program = kernel.argv[0] if kernel.argv else ""
    if not os.access(program, os.X_OK):
        raise GraderError(
            f"{notebook.path} asks for the kernel `{kernel.name}`, whose program {program or '?'} "
            f"is not there or cannot be run. Install the kernel again; nothing was graded."
        )
    return kernel


def find_kernel(name: str, hidden: Sequence[Path] = ()) -> Kernel | None:
    """The kernel of this name, if it is installed; what it is shown holds nothing `hidden`."""
    spec = _spec(name)
    if spec is None:
        return None
    argv = _command(spec)
    path = str(spec.env.get("PATH") or _path_for(argv[0] if argv else ""))
    environment = {key: str(value) for key, value in spec.env.items()} | {"PATH": path}
    return Kernel(
        name,
        spec.language or name,
        argv,
        tuple(sorted(environment.items())),
        spec.interrupt_mode == "message",
        tuple(_folders(spec, argv, environment, hidden)),
    )


def asked_for(paths: Iterable[Path]) -> dict[str, list[Path]]:
    """The notebooks that ask for a kernel which does not run Python, by the kernel's name."""
    found: dict[str, list[Path]] = {}
    for path in paths:
        with suppress(OSError, ValueError, KeyError, AttributeError):  # told by who opens it
            name, language = language_of(json.loads(path.read_bytes())["metadata"])
            if language != "python":
                found.setdefault(name, []).append(path)
    return found


def plan_in_kernel(notebook: Notebook, kernel: Kernel) -> Plan:
    """All tests beside: no test process speaks this language."""
    why = f"its notebook runs in a kernel of {kernel.language}"
    steps = tuple(
        Step(cell.name, cell.role, code=cell.source, why_beside=why)
        if cell.role is Role.TEST
        else Step(cell.name, cell.role)
        for cell in notebook.cells
        if cell.kind == "code"
    )
    return Plan(notebook.name, steps)


def _names() -> list[str]:
    """What is installed, as nbgrader finds it."""
    from jupyter_client.kernelspec import KernelSpecManager

    return sorted(KernelSpecManager().find_kernel_specs())


def _spec(name: str) -> KernelSpec | None:
    """The kernelspec of this name; one that cannot be read is not installed."""
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    with warnings.catch_warnings(), suppress(NoSuchKernel, OSError, ValueError, TypeError):
        warnings.simplefilter("ignore")  # traitlets' own, of fields that it does not know
        return KernelSpecManager().get_kernel_spec(name)
    return None


def _command(spec: KernelSpec) -> tuple[str, ...]:
    """Its command as jupyter_client makes it, but for the connection file."""
    argv = list(spec.argv)
    major, minor = sys.version_info[:2]
    if argv and argv[0] in ("python", f"python{major}", f"python{major}.{minor}"):
        argv[0] = sys.executable
    elif argv:
        argv[0] = shutil.which(argv[0]) or argv[0]
    known = {"{resource_dir}": spec.resource_dir, "{prefix}": sys.prefix}
    for field, value in known.items():
        argv = [part.replace(field, value) for part in argv]
    return tuple(argv)


def _path_for(program: str) -> str:
    return f"{Path(program).parent}:/usr/local/bin:/usr/bin:/bin"


def _folders(
    spec: KernelSpec, argv: Sequence[str], environment: Mapping[str, str], hidden: Sequence[Path]
) -> Iterator[str]:
    """What must be seen, outermost first, each once."""
    wanted = {Path("/etc", name) for name in _SETTINGS} | {Path(spec.resource_dir)}
    if argv:
        wanted |= set(_installation(Path(argv[0]), hidden))
    said = [part for value in environment.values() for part in value.split(os.pathsep)]
    for part in (*argv[1:], *said):
        path = Path(part)
        if path.is_absolute():
            alone = path.is_dir() or path.parent.parent == path.parent.parent.parent
            wanted.add(path if alone else path.parent)
    ours = (sys.prefix, sys.base_prefix)
    shown: list[Path] = []
    for path in sorted(wanted):
        usual = any(path.is_relative_to(seen) for seen in (*_SEEN, *ours))
        inside = any(path.is_relative_to(other) for other in shown)
        if path.exists() and not usual and not inside and not _too_much(path, hidden):
            shown.append(path)
            yield str(path)


def _installation(program: Path, hidden: Sequence[Path]) -> Iterator[Path]:
    """The folders that a program is installed in, by each of its names."""
    names = [program, program.resolve()]
    settings = program.parent.parent / "pyvenv.cfg"
    if settings.is_file():  # a virtual environment says where its Python is from
        for line in settings.read_text("utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                names += [Path(value.strip(), program.name)]
    for name in names:
        prefix = name.parent.parent if name.parent.name == "bin" else name.parent
        yield name.parent if _too_much(prefix, hidden) else prefix


def _too_much(path: Path, hidden: Sequence[Path]) -> bool:
    """Whether a folder holds what is hidden, or a whole home, or what is everybody's."""
    kept = (*hidden, Path.home(), Path("/tmp"), Path("/etc"), Path("/var/lib"))  # noqa: S108
    return any(other.resolve().is_relative_to(path.resolve()) for other in kept)
