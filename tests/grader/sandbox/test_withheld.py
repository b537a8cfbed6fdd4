"""Withheld modules in every sandbox: the words in all of them, the covers where there is a wall."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from course.link.withhold import LIBRARY, Withheld
from grader.errors import LinkError, SandboxError
from grader.link.learner import LinkedLearner
from grader.records import Limits
from grader.sandbox.base import Sandbox
from grader.sandbox.bubblewrap import Bubblewrap
from grader.sandbox.fake import ScriptedSandbox
from grader.sandbox.none import NoSandbox

from .conftest import LIMITS, Inside

WITHHELD = Withheld("loss_functions", ("course.losses", "course.linear"))
OTHER = Withheld("data", ("course.data", "course.gradients"))

Enter = Callable[[Sandbox, Withheld], Inside]

# what a hostile cell would do first
WITHOUT_THE_FINDER = """
import importlib, os, sys
import course
library = os.path.dirname(course.__file__)
sys.meta_path[:] = [f for f in sys.meta_path if 'withhold' not in type(f).__module__]
sys.path_importer_cache.clear()
importlib.invalidate_caches()
"""


@pytest.fixture
def enter_without() -> Iterator[Enter]:
    entered: list[Inside] = []

    def enter_one(sandbox: Sandbox, withheld: Withheld) -> Inside:
        inside = Inside(sandbox.start(LIMITS, withheld))
        entered.append(inside)
        return inside

    yield enter_one
    for inside in entered:
        inside.process.kill()


@pytest.fixture(params=["warm", "cold", "none"])
def sandbox(request: pytest.FixtureRequest) -> Sandbox:
    if request.param == "none":
        return NoSandbox()
    found: Sandbox = request.getfixturevalue(request.param)
    return found


def test_an_import_says_why_in_every_sandbox(sandbox: Sandbox, enter_without: Enter):
    inside = enter_without(sandbox, WITHHELD)
    run = inside.learner.run("cell", "from course.losses import multiclass_hinge")
    assert run.error is not None
    assert "course.losses is withheld while loss_functions is graded" in run.error
    assert inside.attempt("import course.linear") == "ModuleNotFoundError"
    assert inside.see("import course.data, course.gradients\nseen = 'there'") == "there"


def test_a_fake_takes_it_like_the_others():
    ScriptedSandbox(lambda request: {}).start(Limits(), WITHHELD).kill()


def test_without_the_finder_there_is_still_nothing_to_import(
    bubblewrap: Bubblewrap, enter_without: Enter
):
    inside = enter_without(bubblewrap, WITHHELD)
    assert inside.attempt(WITHOUT_THE_FINDER + "from course.losses import multiclass_hinge") in (
        "ImportError",
        "ModuleNotFoundError",
    )
    assert inside.attempt("import course.losses.hinge") == "ModuleNotFoundError"
    assert inside.attempt("from course.linear import LinearClassifier") in (
        "ImportError",
        "ModuleNotFoundError",
        "PermissionError",
    )


EVERYTHING = """
texts = {}
for folder, _, names in os.walk(library):
    for name in names:
        try:
            with open(os.path.join(folder, name), 'rb') as file:
                texts[os.path.join(folder, name)[len(library) + 1:]] = file.read()
        except OSError:
            pass
seen = sorted(n for n, t in texts.items() if b'LinearClassifier' in t or b'multiclass_hinge' in t)
"""


# the library may be somebody else's, who runs these tests too
writes_to_the_library = pytest.mark.skipif(
    not os.access(LIBRARY, os.W_OK), reason="this account may not write to the library"
)


@writes_to_the_library
@pytest.mark.usefixtures("byte_code")
def test_no_file_of_the_library_holds_it_not_even_byte_code(
    bubblewrap: Bubblewrap, enter_without: Enter
):
    look = WITHOUT_THE_FINDER + EVERYTHING
    everywhere = enter_without(bubblewrap, Withheld()).see(look)
    assert {"linear.py", "losses/hinge.py"} <= set(everywhere)
    assert any(name.startswith("__pycache__/linear.") for name in everywhere)
    left = enter_without(bubblewrap, WITHHELD).see(look)
    assert [name for name in left if "linear" in name or "losses/" in name] in (
        [],
        ["figures/losses.py"],  # which draws them, and holds no more than their names
    )


@pytest.fixture
def byte_code() -> None:
    """What a test process leaves behind that has imported the library."""
    import py_compile

    for module in ("linear.py", "losses/hinge.py"):
        py_compile.compile(str(LIBRARY / module))


BYTE_CODE = """
import os, course
seen = os.listdir(os.path.dirname(course.__file__) + '/__pycache__')
"""


@writes_to_the_library
def test_byte_code_that_is_written_later_is_not_seen_either(
    bubblewrap: Bubblewrap, enter_without: Enter
):
    inside = enter_without(bubblewrap, WITHHELD)
    late = LIBRARY / "__pycache__" / "linear.late.pyc"
    late.write_bytes(b"later")
    try:
        assert inside.see(BYTE_CODE) == []
    finally:
        late.unlink()


UNCOVER = """
import ctypes, os
import course
library = os.path.dirname(course.__file__)
libc = ctypes.CDLL(None, use_errno=True)
outcomes = [libc.unshare(0x10000000 | 0x00020000)]
for place in ('losses', 'linear.py', '__pycache__'):
    outcomes.append(libc.umount2(os.path.join(library, place).encode(), 2))
try:
    text = open(os.path.join(library, 'linear.py')).read()
except OSError:
    text = ''
seen = [outcomes[1:], os.listdir(library + '/losses'), os.listdir(library + '/__pycache__'), text]
"""


def test_the_covers_cannot_be_taken_away(bubblewrap: Bubblewrap, enter_without: Enter):
    inside = enter_without(bubblewrap, WITHHELD)
    # also as root of a user namespace of its own, where the machine permits one
    assert inside.see(UNCOVER) == [[-1, -1, -1], [], [], ""]


def test_one_zygote_serves_assignments_that_withhold_different_modules(
    warm: Bubblewrap, enter_without: Enter
):
    one, other = enter_without(warm, WITHHELD), enter_without(warm, OTHER)
    all_of_it = enter_without(warm, Withheld())
    assert one.attempt("import course.losses") == "ModuleNotFoundError"
    assert one.attempt("import course.data, course.gradients") == "done"
    assert other.attempt("import course.losses, course.linear") == "done"
    assert other.attempt("import course.data") == "ModuleNotFoundError"
    assert other.attempt("import course.gradients") == "ModuleNotFoundError"
    assert all_of_it.attempt("import course.losses, course.data, course.linear") == "done"


def test_a_zygote_that_has_imported_it_refuses(warm: Bubblewrap):
    if warm._ready_zygote() is None:
        pytest.skip("this machine starts cold")
    with pytest.raises(SandboxError, match=r"course\.testing cannot be withheld: the zygote has"):
        warm.start(LIMITS, Withheld("a", ("course.testing",)))


def test_what_does_not_fit_a_zygotes_packet_is_refused_and_leaves_nothing_open(warm: Bubblewrap):
    zygote = warm._ready_zygote()
    if zygote is None:
        pytest.skip("this machine starts cold")
    before = len(list(Path("/proc/self/fd").iterdir()))
    with pytest.raises(SandboxError, match="4096 fit"):
        warm.start(LIMITS, Withheld("a", ("course.losses",) * 1000))
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_learners_process_that_cannot_withhold_ends_at_once():
    process = NoSandbox().start(LIMITS, Withheld("a", ("course.link.codec",)))
    try:
        with pytest.raises(LinkError, match=r"exit code 1"):
            LinkedLearner(process, LIMITS).run("cell", "1")
    finally:
        process.kill()
