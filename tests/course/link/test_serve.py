"""A real learner's process: what cells show, what errors say, what survives the worst cells."""

from __future__ import annotations

import base64
import os
import select
import struct
import time
from typing import Any

import numpy as np
import pytest
import torch

from course.link.codec import Handle
from course.link.frames import LinkClosed


def stream(name: str, text: str) -> dict[str, str]:
    return {"output_type": "stream", "name": name, "text": text}


def test_outputs_come_in_the_order_in_which_they_were_made(notebook: Any):
    reply = notebook.run(
        "import sys\n"
        "print('one'); print('two', file=sys.stderr); print('three')\n"
        "from IPython.display import display\n"
        "display('four')\n"
        "sys.stdout.write('five')\n"
        "'six'"
    )
    assert reply == {
        "outputs": [
            stream("stdout", "one\n"),
            stream("stderr", "two\n"),
            stream("stdout", "three\n"),
            {"output_type": "display_data", "data": {"text/plain": "'four'"}, "metadata": {}},
            stream("stdout", "five"),
            {
                "output_type": "execute_result",
                "data": {"text/plain": "'six'"},
                "metadata": {},
                "execution_count": None,
            },
        ],
        "error": None,
    }


def test_each_cell_has_its_own_outputs_and_the_names_stay(notebook: Any):
    assert notebook.shown("print('before'); kept = 5") == "before\n"
    assert notebook.shown("kept + 1") == "6\n"
    assert notebook.shown("_ + 1") == "7\n"
    assert notebook.get("kept") == 5


def test_the_cells_that_ran_are_in_the_list_of_inputs_as_in_a_kernel(notebook: Any):
    notebook.run("a = 1")
    assert notebook.shown("In[-1], In[-2]") == "('In[-1], In[-2]', 'a = 1')\n"
    request = {"source": "b = In[-2]", "needs": [], "own": [], "nonce": "n"}
    assert notebook.ask(do="test", **request)["error"] is None
    assert notebook.get("b") == "In[-1], In[-2]"


def test_names_can_be_listed_and_bound(notebook: Any):
    notebook.run("a = 1\ndef f():\n    return a + b")
    assert {"a", "f"} <= set(notebook.ask(do="names")["value"])
    assert notebook.ask(do="bind", names={"a": 2, "b": [3]}) == {}
    assert notebook.get("b") == [3]
    assert "TypeError" in notebook.call("f")["error"]["type"]


def test_a_semicolon_and_none_show_nothing(notebook: Any):
    assert notebook.shown("5;") == ""
    assert notebook.shown("5 ;  # quiet") == ""
    assert notebook.shown("None") == ""
    assert notebook.shown("';'") == "';'\n"


def test_rich_display_keeps_every_form_that_can_be_sent(notebook: Any):
    reply = notebook.run(
        "class Rich:\n"
        "    def _repr_html_(self): return '<b>rich</b>'\n"
        "    def _repr_png_(self): return b'\\x89PNG\\r\\n'\n"
        "    def __repr__(self): return 'plain'\n"
        "Rich()"
    )
    assert reply["outputs"][0]["data"] == {
        "text/plain": "plain",
        "text/html": "<b>rich</b>",
        "image/png": base64.b64encode(b"\x89PNG\r\n").decode(),
    }


def test_figures_are_made_without_a_screen(notebook: Any):
    cell = "import matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()\nplt.get_backend()"
    assert notebook.shown(cell).strip().strip("'").lower() == "agg"


def test_a_broken_repr_breaks_only_its_own_cell(notebook: Any):
    cell = "class Broken:\n    def __repr__(self): raise ValueError('no words')\nBroken()"
    notebook.run(cell)
    assert notebook.shown("'next'") == "'next'\n"


def test_an_error_is_told_with_the_learners_own_lines_only(notebook: Any):
    reply = notebook.run(
        "import numpy as np\n"
        "def loss(W):\n"
        "    return np.linalg.inv(W)\n"
        "print('so far')\n"
        "loss(np.zeros((2, 2)))"
    )
    error = reply["error"]
    assert reply["outputs"] == [stream("stdout", "so far\n")]
    assert (error["type"], error["message"]) == ("LinAlgError", "Singular matrix")
    assert error["bases"] == ["ValueError", "Exception", "BaseException", "object"]
    assert error["lines"] == (
        "line 5, in <module>\n    loss(np.zeros((2, 2)))\nline 3, in loss\n"
        "    return np.linalg.inv(W)"
    )
    assert error["timeout"] is False


def test_a_long_traceback_keeps_the_lines_that_raised(notebook: Any):
    lines = notebook.run("def f(n):\n    return f(n + 1)\nf(0)")["error"]["lines"]
    assert lines.count("line 2, in f") == 8


def test_no_file_of_a_library_is_read_to_tell_of_an_error_in_it(notebook: Any):
    error = notebook.run("import json\njson.loads('{')")["error"]
    assert error["lines"].endswith("json.loads('{')")
    read = "import linecache\nlen(linecache.cache.get(json.decoder.__file__, ())) > 1"
    assert notebook.shown(read) == "False\n"


def test_of_exceptions_in_a_group_nothing_is_printed_beside_the_record(notebook: Any):
    reply = notebook.run("raise ExceptionGroup('two', [ValueError('a'), KeyError('b')])")
    assert reply["outputs"] == []
    assert reply["error"]["type"] == "ExceptionGroup"


def test_what_ipython_itself_has_to_say_is_shown(doomed: Any):
    nothing = doomed.run("%tb")["outputs"]
    assert nothing == [stream("stderr", "No traceback available to show.\n")]
    reply = doomed.run("%nosuchmagic")
    assert reply["error"]["type"] == "UsageError"
    assert "`%nosuchmagic` not found" in reply["outputs"][0]["text"]
    doomed.run("1 / 0")
    assert doomed.shown("import sys\nsys.last_value") == "ZeroDivisionError('division by zero')\n"


@pytest.mark.parametrize(
    ("cell", "kind", "shown"),
    [
        ("def f(:\n    pass", "SyntaxError", "def f(:"),
        ("if True:\nprint(1)", "IndentationError", "print(1)"),
        ("exec('a b')", "SyntaxError", "a b"),
        ("x = 'unfinished", "SyntaxError", "unfinished"),
        ("return 5", "SyntaxError", "return 5"),
    ],
)
def test_a_syntax_error_shows_the_line(notebook: Any, cell: str, kind: str, shown: str):
    reply = notebook.run(cell)
    assert reply["error"]["type"] == kind
    assert shown in reply["error"]["lines"]
    assert reply["outputs"] == []


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("import sys; sys.exit(0)", "SystemExit"),
        ("raise SystemExit", "SystemExit"),
        ("raise KeyboardInterrupt", "KeyboardInterrupt"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("import os, signal; os.kill(os.getpid(), signal.SIGINT)", "KeyboardInterrupt"),
        ("raise BaseExceptionGroup('many', [KeyboardInterrupt()])", "BaseExceptionGroup"),
        ("class Own(BaseException): pass\nraise Own", "Own"),
    ],
)
def test_what_usually_ends_a_process_is_an_error_of_its_cell(notebook: Any, cell: str, kind: str):
    assert notebook.run(cell)["error"]["type"] == kind
    assert notebook.shown("1 + 1") == "2\n"


@pytest.mark.parametrize("cell", ["exit()", "quit()", "exit", "get_ipython().ask_exit()"])
def test_leaving_politely_changes_nothing(notebook: Any, cell: str):
    notebook.run(cell)
    assert notebook.shown("1 + 1") == "2\n"


@pytest.mark.parametrize(
    "hostile",
    [
        "def __str__(self): raise SystemExit",
        "def __str__(self): return 5",
        "__module__ = property(lambda self: 1 / 0)",
        "def __str__(self): return '\\ud800'",
        "def __str__(self): return 'x' * 10**7",
        "def __getattribute__(self, name): raise KeyboardInterrupt",
    ],
)
def test_an_exception_that_misbehaves_is_still_one_error(notebook: Any, hostile: str):
    error = notebook.run(f"class Odd(ValueError):\n    {hostile}\nraise Odd('odd')")["error"]
    assert isinstance(error["type"], str)
    assert len(error["message"]) <= 2000
    assert notebook.shown("1 + 1") == "2\n"


def test_exceptions_with_hostile_classes_and_lines_are_still_errors(notebook: Any):
    cell = (
        "class Meta(type):\n"
        "    __mro__ = __name__ = property(lambda cls: 1 / 0)\n"
        "class Odd(Exception, metaclass=Meta): pass\n"
        "raise Odd"
    )
    assert notebook.run(cell)["error"] is not None
    bad = "e = SyntaxError('bad', ('file', 1, 1, 'text'))\ne.text = e.lineno = []\nraise e"
    assert notebook.run(bad)["error"] is not None
    assert notebook.shown("1 + 1") == "2\n"


def test_unprintable_text_is_made_printable(notebook: Any):
    shown = notebook.shown(
        "print('a\\ud800b')\nfrom IPython.display import display, HTML\n'\\udfff'"
    )
    assert shown == "a?b\n'\\udfff'\n"
    reply = notebook.run(
        "display({'text/plain': 'a\\ud800', 'x\\ud800': 'b', None: 'c'}, raw=True)"
    )
    assert reply["outputs"][0]["data"] == {"text/plain": "a?", "x?": "b"}


def test_magics_and_await_work_as_learners_know_them(notebook: Any):
    assert notebook.shown("%%time\nx_timed = 3") != ""
    assert notebook.get("x_timed") == 3
    assert notebook.run("%matplotlib inline")["error"] is None
    assert notebook.shown("!echo hello; true;").strip() == "hello"
    assert notebook.shown("%%capture seen\nprint('hidden')") == ""
    assert notebook.shown("seen.stdout") == "'hidden\\n'\n"
    cell = "import asyncio\nasync def later():\n    await asyncio.sleep(0)\n    return 7\n"
    assert notebook.shown(cell + "await later()") == "7\n"
    notebook.shown("?print")
    notebook.run("%no_such_magic")
    assert notebook.shown("'next'") == "'next'\n"


def test_inline_figures_are_shown_as_pictures(notebook: Any):
    cell = "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot([1, 2]); plt.show()"
    data = notebook.run(cell)["outputs"][0]["data"]
    assert base64.b64decode(data["image/png"]).startswith(b"\x89PNG\r\n")


def test_warnings_are_shown_and_are_no_errors(notebook: Any):
    reply = notebook.run("import warnings\nwarnings.warn('careful')\nx_warned = 1")
    assert reply["error"] is None
    assert "UserWarning: careful" in reply["outputs"][0]["text"]
    assert notebook.get("x_warned") == 1


def test_there_is_nobody_to_answer_input(notebook: Any):
    assert notebook.run("input('name? ')")["error"]["type"] in (
        "EOFError",
        "StdinNotImplementedError",
    )


def test_the_code_runs_as_the_main_module_of_a_notebook(notebook: Any):
    assert notebook.shown("__name__") == "'__main__'\n"
    cell = "import pickle\nclass Kept: pass\ntype(pickle.loads(pickle.dumps(Kept()))).__name__"
    assert notebook.shown(cell) == "'Kept'\n"
    assert notebook.shown("import inspect\ndef f():\n    return 1\ninspect.getsource(f)") == (
        "'def f():\\n    return 1\\n'\n"
    )


# ---- limits


def test_endless_text_is_cut_by_bytes_and_told(frugal: Any):
    reply = frugal.run("for _ in range(100_000): print('ẹ', end='')")
    text, note = reply["outputs"]
    assert 1800 <= len(text["text"].encode()) <= 2048
    assert set(text["text"]) == {"ẹ"}
    assert note["text"] == "\n[output cut here: a cell may show 2 KiB]\n"
    assert frugal.shown("print('again')") == "again\n"


@pytest.mark.parametrize(
    "cell",
    [
        "import sys\nwhile True: print(end='a'); print(end='b', file=sys.stderr)",
        "from IPython.display import display\nwhile True: display({}, raw=True)",
        "while True: display({'k' * 50: 'v'}, raw=True)",
        "while True: display({'text/plain': 'x' * 10**6}, raw=True)",
        "while True: display({'image/png': b'x' * 1000}, raw=True)",
        "while True: sys.stdout.writelines(['a', 'b'])",
    ],
)
def test_no_kind_of_output_is_without_end(frugal: Any, cell: str):
    limited = f"import itertools, sys\nfrom IPython.display import display\n{cell}"
    limited = limited.replace("while True", "for _ in range(2000)")
    outputs = frugal.run(limited)["outputs"]
    assert sum(len(repr(out)) for out in outputs) < 8 * 2048
    assert "cut here" in outputs[-1]["text"]


def test_prints_made_inside_a_call_are_kept_and_capped(frugal: Any):
    frugal.run(
        "import sys\ndef f(n):\n    print('p' * n); print('e', file=sys.stderr)\n    return n"
    )
    pieces = [("stdout", "ppp\n"), ("stderr", "e\n")]
    reply = {"value": 3, "error": None, "prints": "ppp\ne\n", "streams": pieces}
    assert frugal.call("f", 3) == reply
    reply = frugal.call("f", 10**6)
    assert reply["value"] == 10**6
    assert len(reply["prints"]) < 2200


def test_an_endless_loop_is_stopped_and_the_next_cell_works(hasty: Any):
    hasty.run("progress = 0")
    reply = hasty.run("print('begun')\nwhile True:\n    progress += 1")
    assert reply["error"]["type"] == "TimeLimit"
    assert reply["error"]["timeout"] is True
    assert reply["error"]["message"] == "stopped after 0.5 seconds"
    assert "in <module>" in reply["error"]["lines"]
    assert reply["outputs"] == [stream("stdout", "begun\n")]
    assert hasty.get("progress") > 0
    assert hasty.shown("'next'") == "'next'\n"


@pytest.mark.parametrize(
    "cell",
    [
        "while True:\n    try:\n        while True: x = 1\n    except Exception: pass",
        "import time\ntime.sleep(60)",
        "import asyncio\nawait asyncio.sleep(60)",
        "import threading\nthreading.Event().wait()",
        "import subprocess\nsubprocess.run(['sleep', '60'])",
        "sum(i for i in iter(int, 1))",
        "try:\n    while True: x = 1\nfinally:\n    print('finally')",
    ],
)
def test_ordinary_waiting_is_interrupted(hasty: Any, cell: str):
    assert hasty.run(cell)["error"]["type"] == "TimeLimit"
    assert hasty.shown("1 + 1") == "2\n"
    assert hasty.shown("import asyncio\nawait asyncio.sleep(0, 'awake')") == "'awake'\n"


def test_code_that_catches_the_first_interrupt_meets_a_second(hasty: Any):
    # asleep, because CPython 3.11 may put the interrupt of a bare loop before its `try`
    cell = "import time\ncaught = 0\nwhile caught < 2:\n    try:\n        time.sleep(60)\n"
    cell += "    except BaseException: caught += 1\nwhile True: pass"
    assert hasty.run(cell)["error"]["type"] == "TimeLimit"
    assert hasty.get("caught") == 2


def test_endless_calls_and_attributes_are_stopped_too(hasty: Any):
    hasty.run(
        "class Slow:\n"
        "    @property\n"
        "    def value(self):\n"
        "        while True: pass\n"
        "slow = Slow()\n"
        "def spin():\n"
        "    while True: pass"
    )
    assert hasty.call("spin")["error"]["timeout"] is True
    assert hasty.attribute("slow", "value")["error"]["timeout"] is True
    assert hasty.probe("def p():\n    return spin()")["error"]["timeout"] is True
    assert hasty.shown("1 + 1") == "2\n"


def test_memory_is_limited(doomed: Any):
    reply = doomed.run("x = bytearray(5 * 2**30)")
    assert reply["error"]["type"] == "MemoryError"


def test_files_are_limited_and_nothing_is_dumped(doomed: Any, tmp_path: Any):
    path = str(tmp_path / "large")
    cell = f"with open({path!r}, 'wb') as f:\n    f.truncate(65 * 2**20)"
    assert doomed.run(cell)["error"]["type"] == "OSError"
    assert doomed.shown("import resource; resource.getrlimit(resource.RLIMIT_CORE)") == "(0, 0)\n"


# ---- calls, names, handles, probes


def test_names_are_looked_up_as_they_are_now(notebook: Any):
    notebook.run("x_now = {'W': [1, 2.5], 3: None}")
    assert notebook.get("x_now") == {"W": [1, 2.5], 3: None}
    notebook.run("x_now = None")
    assert notebook.ask(do="get", name="x_now") == {"value": None}
    notebook.run("del x_now")
    assert notebook.ask(do="get", name="x_now") == {"missing": True}


def test_calls_take_and_give_plain_data(notebook: Any):
    notebook.run("def echo(*args, **kwargs):\n    return args, kwargs")
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    reply = notebook.call("echo", array, 1, tensor=torch.ones(2), text="ọ")
    (args, kwargs), error = reply["value"], reply["error"]
    assert error is None
    assert args[1] == 1
    assert (args[0] == array).all()
    assert args[0].dtype == np.float32
    assert kwargs.pop("tensor").equal(torch.ones(2))
    assert kwargs == {"text": "ọ"}


def test_a_call_that_raises_says_where_in_the_learners_lines(notebook: Any):
    notebook.run("def bad(x):\n    y = x + 1\n    return y / 0")
    error = notebook.call("bad", 1)["error"]
    assert (error["type"], error["message"]) == ("ZeroDivisionError", "division by zero")
    assert error["bases"][:2] == ["ZeroDivisionError", "ArithmeticError"]
    assert error["lines"] == "line 3, in bad\n    return y / 0"


@pytest.mark.parametrize("body", ["import sys; sys.exit()", "raise KeyboardInterrupt", "exit()"])
def test_a_call_cannot_leave_either(notebook: Any, body: str):
    notebook.run(f"def leave():\n    {body}\n    return 5")
    reply = notebook.call("leave")
    assert reply["value"] == 5 or reply["error"] is not None
    assert notebook.shown("1 + 1") == "2\n"


def test_objects_stay_and_answer_through_handles(notebook: Any):
    notebook.run(
        "class Model:\n"
        "    def __init__(self): self.w = 2.0\n"
        "    def predict(self, x): return self.w * x\n"
        "    def __call__(self, x): return -x\n"
        "def make(): return Model()\n"
        "def weight(model, more=()): return model.w + sum(m.w for m in more)"
    )
    handle = notebook.call("make")["value"]
    assert (type(handle), handle.kind, handle.callable) == (Handle, "Model", True)
    assert notebook.call(handle.number, 3)["value"] == -3
    assert notebook.attribute(handle.number, "w")["value"] == 2.0
    method = notebook.attribute(handle.number, "predict")["value"]
    assert (method.kind, method.callable) == ("method", True)
    assert notebook.call(method.number, 4)["value"] == 8.0
    assert notebook.call("weight", handle, more=[handle, handle])["value"] == 6.0
    error = notebook.attribute(handle.number, "no_such")["error"]
    assert error["bases"][0] == "AttributeError"


def test_a_target_that_is_not_there_is_an_error_of_the_call(notebook: Any):
    assert notebook.call("never_defined")["error"]["type"] == "KeyError"
    assert notebook.call(10**6)["error"]["type"] == "KeyError"
    notebook.run("five = 5")
    assert notebook.call("five")["error"]["type"] == "TypeError"


def test_a_probe_sees_the_names_of_the_notebook_as_they_are_at_the_call(notebook: Any):
    source = "def p(x):\n    helper = 10\n    return f_probe(x) + helper + abs(-1)"
    notebook.run("def f_probe(x): return x")
    assert notebook.probe(source, 1)["value"] == 12
    notebook.run("def f_probe(x): return 100 * x\nhelper = 5")
    assert notebook.probe(source, 1)["value"] == 111


def test_a_probe_takes_pythons_own_names_from_python(doomed: Any):
    """A cell that shadows one breaks no probe and fakes none."""
    source = "def p(x):\n    return bool(sum(x))"
    doomed.run("sum = 0\nbool = lambda _: True")
    assert doomed.probe(source, [0, 0])["value"] is False
    doomed.run("import builtins\nbuiltins.bool = lambda _: True")
    assert doomed.probe(source, [0, 0])["value"] is False
    doomed.run("del abs")


def test_a_probe_leaves_no_name_behind(notebook: Any):
    assert notebook.probe("def fleeting():\n    return 1")["value"] == 1
    assert notebook.ask(do="get", name="fleeting") == {"missing": True}


def test_a_probe_works_on_live_objects(notebook: Any):
    notebook.run("def spoil(x):\n    x += 1\n    return x")
    source = (
        "def changes(x):\n    before = x.copy()\n    spoil(x)\n    return bool((x != before).any())"
    )
    assert notebook.probe(source, np.zeros(2))["value"] is True
    notebook.run("class Box:\n    full = True\ndef box(): return Box()")
    handle = notebook.call("box")["value"]
    assert notebook.probe("def look(b):\n    return type(b).__name__, b.full", handle)["value"] == (
        "Box",
        True,
    )


@pytest.mark.parametrize(
    ("source", "kind"),
    [
        ("def p():\n    return never_defined", "NameError"),
        ("def p():\n    return 1 / 0", "ZeroDivisionError"),
        ("def p(:\n    pass", "SyntaxError"),
        ("def p(x=never_defined):\n    pass", "NameError"),
    ],
)
def test_a_probe_that_fails_is_an_error_without_its_lines(notebook: Any, source: str, kind: str):
    error = notebook.probe(source)["error"]
    assert error["type"] == kind
    assert "never" not in error["lines"]


def test_values_that_cannot_be_sent_are_errors_of_their_call(notebook: Any):
    notebook.run(
        "ring = []\nring.append(ring)\ndef give(): return ring\ndef half(): return '\\ud800'"
    )
    for reply in (
        notebook.call("give"),
        notebook.call("half"),
        notebook.ask(do="get", name="ring"),
    ):
        assert reply["error"]["type"] == "CodecError"
        assert reply["value"] is None
    assert notebook.shown("1 + 1") == "2\n"


# ---- sabotage


def test_garbage_on_any_descriptor_of_the_standard_ones_does_not_reach_the_link(notebook: Any):
    reply = notebook.run(
        "import os, sys\n"
        "for descriptor in (0, 1, 2):\n"
        "    os.write(descriptor, b'\\xff' * 5000)\n"
        "sys.__stdout__.write('garbage'); sys.__stdout__.flush()\n"
        "os.system('echo garbage')\n"
        "'fine'"
    )
    assert reply["outputs"][-1]["data"]["text/plain"] == "'fine'"
    assert notebook.shown("import subprocess; subprocess.run(['echo', 'x']).returncode") == "0\n"


def test_the_link_is_not_inherited_by_what_a_cell_starts(notebook: Any):
    cell = "import subprocess\nprint(subprocess.run(['ls', '/proc/self/fd'], capture_output=True, "
    cell += "text=True, close_fds=False).stdout.split())"
    assert len(eval(notebook.shown(cell))) == 4  # the three and the folder that is listed


@pytest.mark.parametrize(
    "cell",
    [
        "import sys\nsys.stdout = sys.stderr = None",
        "import sys\nsys.stdout.close()",
        "import builtins\nbuiltins.print = lambda *_: 1 / 0",
        "import sys\nsys.stdout.write = None",
        "from IPython import get_ipython\nget_ipython().display_pub.publish = None",
        "get_ipython().run_line_magic('reset', '-f')",
        "get_ipython().user_ns.clear()",
        "import sys\nsys.settrace(lambda *_: 1 / 0)",
        "import sys\nsys.excepthook = sys.displayhook = None",
        "import gc\ngc.freeze(); gc.disable()",
        "import sys\nsys.modules.clear()",
        "import sys\nsys.setrecursionlimit(50)",
        "import os\nos.chdir('/'); os.environ.clear()",
        "import threading\nthreading.Thread(target=lambda: [None for _ in iter(int, 1)]).start()",
    ],
)
def test_sabotage_of_the_surroundings_leaves_an_answer_or_an_end(doomed: Any, cell: str):
    doomed.run("def f(x):\n    return x + 1")
    try:
        doomed.run(cell)
        reply = doomed.call("f", 1)
    except LinkClosed:
        return
    assert reply["value"] == 2 or reply["error"] is not None


@pytest.mark.parametrize("name", ["len", "str", "getattr", "isinstance", "Exception", "type"])
def test_without_builtins_there_is_an_answer_or_an_end(doomed: Any, name: str):
    try:
        doomed.run(f"import builtins\ndel builtins.{name}")
        doomed.run("print(1)")
        doomed.get("name")
    except (LinkClosed, KeyError):
        pass


@pytest.mark.parametrize(
    "cell",
    [
        "import os; os._exit(0)",
        "import os, signal; os.kill(os.getpid(), signal.SIGKILL)",
        "import ctypes; ctypes.string_at(0)",
        "import os; os.closerange(0, 1000)",
        "import os; os.abort()",
        "import threading, os\nthreading.Thread(target=os._exit, args=[3]).start()\nwhile 1: x = 1",
    ],
)
def test_a_process_that_ends_closes_the_link(doomed: Any, cell: str):
    with pytest.raises(LinkClosed):
        doomed.run(cell)


def test_a_thread_that_never_ends_does_not_keep_the_process(doomed: Any):
    doomed.run(
        "import threading\nthreading.Thread(target=lambda: threading.Event().wait()).start()"
    )
    doomed.link.close()
    assert doomed.process.wait(timeout=30) == 0


def test_a_process_whose_answer_nobody_takes_ends_too(doomed: Any):
    doomed.run(
        "import threading\nthreading.Thread(target=lambda: threading.Event().wait()).start()"
    )
    doomed.link.send(b"\xc1" * 3)  # no request at all
    poll = select.poll()
    poll.register(doomed.link.reader, select.POLLIN)
    assert poll.poll(30_000)
    assert doomed.process.wait(timeout=30) == 1


def test_threads_that_print_later_do_not_disturb(notebook: Any):
    notebook.run(
        "import threading, time\n"
        "def nag():\n"
        "    while not done.is_set():\n"
        "        print('nag'); time.sleep(0.001)\n"
        "done = threading.Event()\n"
        "def quiet(): return 5\n"
        "threading.Thread(target=nag).start()"
    )
    time.sleep(0.02)
    assert [notebook.call("quiet")["value"] for _ in range(20)] == [5] * 20
    notebook.run("done.set()")


def test_a_stolen_link_can_only_say_what_the_learner_might_say_anyway(doomed: Any):
    # the learner finds the descriptor of the link and answers in the server's place
    forged = struct.pack(">I", 1) + b"\xc0"
    doomed.run(
        "import os\n"
        "def forge():\n"
        f"    for fd in range(3, 20):\n"
        "        try:\n"
        f"            os.write(fd, {forged!r})\n"
        "        except OSError: pass\n"
    )
    assert doomed.call("forge") is None  # the forgery, which is no dictionary: a dead learner


def test_the_process_leads_a_group_of_its_own(notebook: Any):
    assert int(notebook.shown("import os; os.getpgrp()")) == notebook.process.pid
    assert os.getpgrp() != notebook.process.pid
