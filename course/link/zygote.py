"""The zygote: imports once what notebooks import, then forks one learner's process for each.

Started by the grader's sandbox, inside it, with the control socket as an inherited
descriptor. For each request three processes come to be:

    zygote ---fork--- keeper ---fork--- first ---fork--- learner
      |                 |                 |                 course.link.serve on the link
      |                 |                 process 1 of new namespaces; collects the dead
      |                 outside of them: tells the grader how it ended, ends it when asked to
      warm, runs nothing of anybody's

A learner's process is what `course.link.serve` would have been, in namespaces and empty
folders of its own (`course.link.confine`), less the time to start. It shares with the
others memory that is copied when it is written to, and nothing else. When the first
process ends, the kernel ends every other in its namespace; when the zygote ends (the
control socket is closed, it is idle for long, or someone kills it), it ends them all.

What cannot be imported is left to the notebook that needs it. A module that starts a thread,
which a fork would lose, makes the zygote begin again without it.

Messages, one packet each. On the control socket, from here: ``+``, followed by the names of
such modules (with a descriptor of this process), or ``-reason``; to here: the options as JSON,
with two descriptors, the link and the report. On the report, from here: ``@`` (with a
descriptor of the first process), ``+`` once the learner's process runs, ``-reason`` when it
does not, ``=code`` at its end. Closing the report ends the process.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import resource
import select
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

from course.link import confine
from course.link.frames import Stream
from course.link.notebook import make_shell
from course.link.serve import limit, serve
from course.link.withhold import imported, places, withheld_in

__all__ = ["main"]

_PACKET = 4096
_DESCRIPTORS = 512
_KEPT_FILE = 2**20  # bytes; of the home, only lists such as matplotlib's fonts are worth copying

Learner = Callable[[int, dict[str, Any]], object]


def main() -> None:
    """Serve on the control socket; the one argument is JSON.

    ``control`` is its descriptor, ``preload`` the modules to import, ``folders`` and
    ``folder_bytes`` the folders that a learner's process has for itself, the home first,
    ``idle_seconds`` the time after which a zygote that nobody uses gives its memory back,
    ``left_out`` the modules that an earlier attempt had to leave out.
    """
    plan = json.loads(sys.argv[1])
    control = socket.socket(fileno=plan["control"])
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # keepers need nobody to collect them
    make_shell()  # first, as in a kernel: modules ask for it when they are imported
    harmful = _warm_up(plan["preload"])
    if harmful is not None:
        _begin_again_without(harmful, plan)
    _prepare()
    zygote = _Zygote(plan["folders"], plan["folder_bytes"])
    reason = zygote.obstacle()
    if reason is not None:
        control.send(b"-" + reason)
        return
    myself = os.pidfd_open(os.getpid())
    left_out = " ".join(plan.get("left_out", ()))[: _PACKET - 1]
    socket.send_fds(control, [b"+" + left_out.encode()], [myself])
    os.close(myself)
    while _wait(control, plan["idle_seconds"]):
        request, descriptors, _, _ = socket.recv_fds(control, _PACKET, 2)
        if not request:
            break
        link, report = descriptors
        os.set_inheritable(link, False)  # not for the programs that a learner's process starts
        zygote.fork(control, json.loads(request), link, socket.socket(fileno=report))


def _wait(control: socket.socket, idle_seconds: float) -> bool:
    """Wait for a request, or for the grader to go; False when neither comes and nobody runs."""
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while not poll.poll(idle_seconds * 1000):
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return False
    return True


def _warm_up(modules: list[str]) -> str | None:
    """Import them. Stops at one that leaves a thread running, and says which."""
    environment = dict(os.environ)
    harmful = None
    for name in modules:
        with contextlib.suppress(Exception, SystemExit):  # the notebook that needs it will say so
            importlib.import_module(name)
        if _threads() > 1:
            harmful = name
            break
    for name in os.environ.keys() - environment.keys():
        del os.environ[name]  # torch._dynamo leaves one; a learner's are those of the contract
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(1)  # a fork has no threads but its own
    return harmful


def _prepare() -> None:
    """Have done once what each first cell would do, and what is the same for all of them."""
    backends = getattr(sys.modules.get("matplotlib.backends"), "backend_registry", None)
    if backends is not None:
        # `%matplotlib` asks all installed packages whether they bring a backend
        with contextlib.suppress(Exception):
            backends.list_all()
    gc.collect()
    gc.freeze()  # what is not looked at by the collector stays shared


def _threads() -> int:
    return len(os.listdir("/proc/self/task"))  # noqa: PTH208 - a count is all


def _begin_again_without(module: str, plan: dict[str, Any]) -> NoReturn:
    """Be a new zygote, at the same socket: a thread cannot be taken back."""
    kept = [name for name in plan["preload"] if name != module]
    plan = plan | {"preload": kept, "left_out": [*plan.get("left_out", ()), module]}
    command = [sys.executable, "-I", "-m", "course.link.zygote", json.dumps(plan)]
    os.execv(sys.executable, command)


class _Zygote:
    """Forks learners' processes."""

    def __init__(self, folders: list[str], folder_bytes: int) -> None:
        self._folders = folders
        self._folder_bytes = folder_bytes
        self._home = dict(_contents(Path(folders[0])))

    def obstacle(self) -> bytes | None:
        """Why this machine does not let it work, found by trying."""
        if _threads() > 1:
            return b"a library runs %d threads, which a fork would lose" % (_threads() - 1)
        report, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with report:
            nowhere = os.open(os.devnull, os.O_RDWR)
            self.fork(report, {"processes": 16}, nowhere, theirs, lambda link, options: None)
            said = b"@"
            while said == b"@":
                said, descriptors, _, _ = socket.recv_fds(report, _PACKET, 1)
                for descriptor in descriptors:
                    os.close(descriptor)
        return None if said == b"+" else said[1:] or b"no message"

    def fork(
        self,
        private: socket.socket,
        options: dict[str, Any],
        link: int,
        report: socket.socket,
        learner: Learner | None = None,
    ) -> None:
        """Fork a keeper, which sees to the rest. `private` is the zygote's alone."""
        with report:
            try:
                if os.fork() == 0:
                    private.close()
                    self._keep(options, link, report, learner or run_learner)
            except OSError as error:
                _say(report, b"-" + str(error).encode())
            os.close(link)

    def _keep(
        self, options: dict[str, Any], link: int, report: socket.socket, learner: Learner
    ) -> NoReturn:
        """Make a learner's process, wait for its end or for the grader's, end it, tell."""
        try:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            confine.enter_namespaces()
            first = os.fork()
            if first == 0:
                self._be_first(options, link, report, learner)
            os.close(link)
            descriptor = os.pidfd_open(first)
            socket.send_fds(report, [b"@"], [descriptor])
            poll = select.poll()
            poll.register(descriptor, select.POLLIN)
            poll.register(report, select.POLLIN)
            poll.poll()
            os.kill(first, signal.SIGKILL)
            # it has ended only when all others in its namespace have
            code = os.waitstatus_to_exitcode(os.waitpid(first, 0)[1])
            _say(report, b"=%d" % code)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the grader is told
            _say(report, b"-" + str(error).encode())
        finally:
            os._exit(0)

    def _be_first(
        self, options: dict[str, Any], link: int, report: socket.socket, learner: Learner
    ) -> NoReturn:
        """Close the namespaces in, start the learner's process, and stay for the dead."""
        code = 1
        try:
            os.setsid()
            confine.furnish(
                self._folders,
                folder_bytes=self._folder_bytes,
                processes=options["processes"],
                covered=_covered(options),
            )
            _write(self._home)
            os.chdir(self._folders[0])
            confine.give_up_privileges()
            confine.only_open(link, report.fileno())
            process = os.fork()
            if process == 0:
                report.close()
                _run(learner, link, options)
            _say(report, b"+")
            report.close()
            os.close(link)
            code = _collect(process)
        except BaseException as error:  # noqa: BLE001 - see _keep
            _say(report, b"-" + str(error).encode())
        finally:
            os._exit(code)


def _run(learner: Learner, link: int, options: dict[str, Any]) -> NoReturn:
    try:
        learner(link, options)
        os._exit(0)
    finally:
        os._exit(1)


def run_learner(link: int, options: dict[str, Any]) -> None:
    """Be a learner's process: as random as a fresh one, limited, at the end of the link."""
    random, torch = sys.modules.get("numpy.random"), sys.modules.get("torch")
    if random is not None:
        random.seed()  # Python's own does so by itself after a fork
    if torch is not None:
        torch.default_generator.seed()
    limit(options)
    # fewer than the grader may have: what is on its way through sockets counts for both
    resource.setrlimit(resource.RLIMIT_NOFILE, (_DESCRIPTORS, _DESCRIPTORS))
    serve(Stream(link, link), options)


def _collect(process: int) -> int:
    """Wait for whoever ends, until it is `process`; its exit code, as a shell would say it."""
    while True:
        ended, status = os.wait()
        if ended == process:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code


def _covered(options: dict[str, Any]) -> list[str]:
    """The places of what is withheld from this learner's process, which a fork could inherit."""
    modules = withheld_in(options).modules
    there = imported(modules)
    if there:
        raise RuntimeError(f"{', '.join(there)} cannot be withheld: the zygote has imported it")
    return [str(place) for place in places(modules)]


def _contents(home: Path) -> Iterator[tuple[Path, bytes | None]]:
    """What is worth copying of it: its folders (None), and files such as lists."""
    for path in sorted(home.rglob("*")):  # a folder before what is in it
        if path.is_dir():
            yield path, None
        elif path.is_file() and path.stat().st_size <= _KEPT_FILE:
            yield path, path.read_bytes()


def _write(contents: Mapping[Path, bytes | None]) -> None:
    for path, data in contents.items():
        if data is None:
            path.mkdir(exist_ok=True)
        else:
            path.write_bytes(data)


def _say(report: socket.socket, packet: bytes) -> None:
    with contextlib.suppress(OSError):  # the grader may have gone, or may have heard enough
        report.send(packet[:_PACKET])


if __name__ == "__main__":
    main()
