"""A notebook's live state without a kernel: cells run, names are looked up and called.

IPython's shell runs the cells, so magics, `await` and rich display work as learners know
them; ZeroMQ, the kernel protocol and the history database stay out, which is what makes
starting cheap. Every entry has a time limit that interrupts ordinary Python code; code
that does not let itself be interrupted is ended from outside, by the grader.
"""

from __future__ import annotations

import builtins
import linecache
import signal
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from types import FrameType
from typing import Any

from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from course.link.outputs import OutputRecorder

__all__ = [
    "LiveState",
    "NotebookState",
    "TimeLimit",
    "describe_error",
    "make_shell",
    "time_limit",
    "time_limit_held",
]

_CELL_FILES = ("<ipython-input-", "/ipykernel_")  # IPython's names for cells, and its kernel's
_BUILTINS = dict(vars(builtins))  # as they were before any cell ran


_DRAW = "_draw_all_if_interactive"  # pyplot's own, which IPython calls after each cell


def _draw_nothing() -> None:
    """Do not draw."""


class TimeLimit(BaseException):
    """A cell or a call took too long. Not an Exception, so that `except Exception` lets it out."""


class _RecordingPublisher(DisplayPublisher):  # type: ignore[misc]
    """Sends what `display()` shows to the recorder of the running cell."""

    recorder: OutputRecorder | None = None

    def publish(self, data: dict[str, Any], metadata: Any = None, **_: Any) -> None:
        """Record one display."""
        if self.recorder is not None:
            self.recorder.show("display_data", data)


class _RecordingHook(DisplayHook):  # type: ignore[misc]
    """Sends the value of a cell's last expression to the recorder of the running cell."""

    recorder: OutputRecorder | None = None
    source = ""

    def quiet(self) -> bool:
        """Whether the cell ends in a semicolon; IPython would look in its history."""
        cell = self.shell.transform_cell(self.source)
        return bool(self.semicolon_at_end_of_expression(cell))

    def __call__(self, result: object = None) -> None:
        """Record one value, unless the line ends in a semicolon."""
        if result is None or self.recorder is None or self.quiet():
            return
        data, _ = self.compute_format_data(result)
        self.recorder.show("execute_result", data)
        self.shell.user_ns["_"] = result


class _Shell(InteractiveShell):  # type: ignore[misc]
    """IPython's shell without a terminal, a history file or printed tracebacks."""

    display_pub_class = _RecordingPublisher
    displayhook_class = _RecordingHook

    def showtraceback(
        self, exc_tuple: Any = None, filename: str | None = None, *_: object, **__: object
    ) -> None:
        """Show no traceback, and do not format one either: errors are reported as records.

        IPython parses every file on the way to an error, which for one inside a large library
        takes longer than all the cells of a notebook.
        """
        try:
            kind, value, _ = self._get_exc_info(
                exc_tuple
            )  # keeps them for `%tb` and sys.last_value
        except ValueError:
            sys.stderr.write("No traceback available to show.\n")
            return
        if kind is UsageError:
            self.show_usage_error(value)
        elif issubclass(kind, SyntaxError):
            self.showsyntaxerror(filename)  # which finds the line that is wrong

    def _showtraceback(self, *_: object) -> None:
        """Show no syntax error either."""

    @contextmanager
    def _tee(self, channel: str) -> Iterator[None]:
        """Do not keep all that a cell prints, as IPython does; the recorder does, up to a limit."""
        yield

    def ask_exit(self) -> None:
        """`exit()` has no terminal to leave."""

    def enable_gui(self, gui: str | None = None) -> None:
        """`%matplotlib inline` asks for this, and there is no event loop to enter."""


def make_shell() -> _Shell:
    """This process's shell; it may be made before there is a notebook, for forks to inherit."""
    config = Config()
    config.HistoryManager.enabled = False  # no database, and nothing left behind
    config.InteractiveShell.colors = "nocolor"
    shell: _Shell = _Shell.instance(config=config)  # the one that there is, if there is one
    return shell


class LiveState:
    """The names that a notebook's cells have bound so far, and the means to use them."""

    def __init__(self, names: dict[str, Any], *, cell_seconds: float, output_bytes: int) -> None:
        self.names = names
        self._seconds = cell_seconds
        self._output_bytes = output_bytes

    @property
    def limits(self) -> dict[str, Any]:
        """What a cell may take, and may show."""
        return {"cell_seconds": self._seconds, "output_bytes": self._output_bytes}

    def call(
        self, function: Callable[..., Any], args: Any, kwargs: Any
    ) -> tuple[Any, Any, OutputRecorder]:
        """Call `function`; returns its value, its error record or None, and what it printed."""
        recorder = OutputRecorder(self._output_bytes)
        with self._recording(recorder):
            try:
                with time_limit(self._seconds):
                    value, error = function(*args, **kwargs), None
            except BaseException as raised:  # noqa: BLE001 - see run_cell
                value, error = None, describe_error(raised)
        return value, error, recorder

    def define_probe(self, source: str, name: str) -> Callable[..., Any]:
        """The function `name` that `source` defines, seeing all of the notebook's names."""
        filename = f"<probe {name}>"
        linecache.cache[filename] = (len(source), None, source.splitlines(True), filename)
        scope = _Scope(self.names)
        exec(compile(source, filename, "exec"), scope)  # noqa: S102 - the author's own code
        function: Callable[..., Any] = scope[name]
        return function

    @contextmanager
    def _recording(self, recorder: OutputRecorder) -> Iterator[None]:
        with (
            redirect_stdout(recorder.stream("stdout")),
            redirect_stderr(recorder.stream("stderr")),
        ):
            yield


class NotebookState(LiveState):
    """A state that begins empty, and can run cells."""

    def __init__(self, *, cell_seconds: float, output_bytes: int) -> None:
        self.shell = make_shell()
        super().__init__(self.shell.user_ns, cell_seconds=cell_seconds, output_bytes=output_bytes)
        pyplot = sys.modules.get("matplotlib.pyplot")
        if hasattr(pyplot, _DRAW):
            # a figure is drawn when it is written down; at the end of a cell it is for windows
            setattr(pyplot, _DRAW, _draw_nothing)

    def run_cell(self, source: str) -> dict[str, Any]:
        """Run one cell; returns its `outputs` and its `error` (None when there was none)."""
        recorder = OutputRecorder(self._output_bytes)
        error: BaseException | None = None
        self.note_input(source)
        self.shell.displayhook.source = source
        with self._recording(recorder):
            try:
                with time_limit(self._seconds):
                    result = self.shell.run_cell(source, store_history=False)
                error = result.error_before_exec or result.error_in_exec
            except BaseException as raised:  # noqa: BLE001 - whatever it is, it is the learner's
                error = raised
        return {"outputs": recorder.outputs, "error": error and describe_error(error)}

    def note_input(self, source: str) -> None:
        """Let ``In`` end with this cell, as in a kernel; IPython keeps it only with a history."""
        inputs = self.names.get("In")
        if type(inputs) is list:
            inputs.append(source)

    @contextmanager
    def _recording(self, recorder: OutputRecorder) -> Iterator[None]:
        sinks = (self.shell.display_pub, self.shell.displayhook)
        for sink in sinks:
            sink.recorder = recorder
        try:
            with super()._recording(recorder):
                yield
        finally:
            for sink in sinks:
                sink.recorder = None


class _Scope(dict[str, Any]):
    """A probe's globals: its own names, then Python's, then the notebook's at the call.

    Python's come before the notebook's, so that a cell with ``sum = 0`` breaks no probe, and
    one with ``bool = lambda _: True`` fakes none.
    """

    def __init__(self, names: dict[str, Any]) -> None:
        super().__init__(__builtins__=_BUILTINS)
        self._names = names

    def __missing__(self, name: str) -> Any:
        if name in _BUILTINS:
            raise KeyError(name)  # Python then looks there itself
        return self._names[name]


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Raise `TimeLimit` in the running code after `seconds` (setitimer(2); main thread only)."""

    def interrupt(signal_number: int, frame: FrameType | None) -> None:
        late = TimeLimit(f"stopped after {seconds:g} seconds")
        if not _hold.active:
            raise late
        _hold.late = late

    previous = signal.signal(signal.SIGALRM, interrupt)
    # again and again, for code that catches the first
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, previous)


class _Hold:
    active = False
    late: TimeLimit | None = None


_hold = _Hold()


@contextmanager
def time_limit_held() -> Iterator[None]:
    """Let a `time_limit` around this wait: what is begun here must not stay half done."""
    _hold.active, _hold.late = True, None
    try:
        yield
    finally:
        _hold.active = False
    if _hold.late is not None:
        raise _hold.late


def describe_error(error: BaseException) -> dict[str, Any]:
    """An exception as plain data: its type, its built-in ancestors, its message, its lines."""
    builtin = [c.__name__ for c in type(error).__mro__ if c.__module__ == "builtins"]
    try:
        message = str(error)[:2000].encode("utf-8", "replace").decode()
    except Exception:  # noqa: BLE001 - a learner's __str__ may do anything
        message = ""
    return {
        "type": type(error).__name__[:200],
        "bases": builtin,
        "message": message,
        "lines": _own_lines(error),
        "timeout": isinstance(error, TimeLimit),
    }


def _own_lines(error: BaseException) -> str:
    """The traceback, trimmed to lines that the learner wrote."""
    try:
        if isinstance(error, SyntaxError):
            lines = traceback.format_exception_only(error)
        else:
            walked = traceback.walk_tb(error.__traceback__)
            # a line is read when it is asked for: the libraries' are not
            frames = traceback.StackSummary.extract(walked, lookup_lines=False)
            own = [f for f in frames if any(part in f.filename for part in _CELL_FILES)]
            lines = [f"line {f.lineno}, in {f.name}\n    {f.line}\n" for f in own[-8:]]
    except Exception:  # noqa: BLE001 - an error may be damaged on purpose
        return ""
    return "".join(lines).rstrip()[:4000].encode("utf-8", "replace").decode()
