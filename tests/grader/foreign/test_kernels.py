"""Notebooks of other languages: by their own kernel, in the sandbox, with nbgrader's marks."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_output
from nbgrader.utils import determine_grade
from typer.testing import CliRunner

from grader.commands.main import app
from grader.errors import SandboxError
from grader.foreign.assignment import open_assignment
from grader.foreign.audit import FolderAudit, audit_folder
from grader.foreign.grading import grade_folder
from grader.foreign.health import kernels
from grader.foreign.kernel_run import KernelPass
from grader.foreign.kernels import Kernel, find_kernel, language_of
from grader.foreign.place import open_course_folder
from grader.foreign.placing import Plan, Step
from grader.foreign.verdicts import result_of, verdict_of_cell
from grader.grading import Graded
from grader.link.learner import LinkedLearner
from grader.records import CellRun, Limits, Outcome, Role, ScriptCell
from grader.sandbox.base import View
from grader.sandbox.bubblewrap import Bubblewrap

from .course_maker import (
    answer,
    answers,
    assertion,
    hand_in,
    make_course,
    marks,
    ordinary,
    stock_autograde,
)

MakeOnce = Callable[[str, Callable[[Path], object]], Path]

CELLS = [
    ordinary("limit=3\nnames=$(cat data/names.txt)"),
    answer("double", "double() { false; }\ndouble() { echo $(( $1 * 2 )); }"),
    assertion("double_of_four", '[ "$(double 4)" = 8 ]'),
    assertion("sees_cells", '[ "$(double $limit)" = 6 ]'),
    assertion(
        "hidden",
        '### BEGIN HIDDEN TESTS\n[ "$(double 5)" = 10 ]\n### END HIDDEN TESTS',
        2.0,
    ),
    answer("hello", "hello() { false; }\nhello() { echo Hello $1; }"),
    assertion("reads_a_file", '[ "$(hello $names)" = "Hello Ada" ]'),
    assertion("writes_a_file", "hello you > out.txt\ngrep -q you out.txt", 0.5),
    assertion("says", "hello you"),
]
WRONG = {"double": "double() {\n    echo $(( $1 + 4 ))\n}", "hello": "hello() {\n    echo $1 (\n}"}
STUB = "c.ClearSolutions.code_stub = {'bash': 'false', 'mini': 'out no'}"


@pytest.fixture(scope="module", autouse=True)
def installed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder of kernels that is on Jupyter's path in this module alone: bash, and ours."""
    prefix = tmp_path_factory.mktemp("kernels")
    command = [sys.executable, "-m", "bash_kernel.install", "--prefix", str(prefix)]
    subprocess.run(command, check=True, capture_output=True)
    folder = prefix / "share" / "jupyter"
    install(folder, "mini", [sys.executable, "{resource_dir}/mini_kernel.py"])
    install(folder, "mini-tcp", [sys.executable, "{resource_dir}/mini_kernel.py"], tcp=True)
    install(folder, "gone", ["/nowhere/bin/gone"])
    install(folder, "broken", [sys.executable, "-c", "raise SystemExit('no such module')"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(folder))
        yield folder


def install(folder: Path, name: str, command: list[str], *, tcp: bool = False) -> None:
    place = folder / "kernels" / name
    place.mkdir()
    shutil.copy(Path(__file__).with_name("mini_kernel.py"), place)
    spec = {
        "argv": [*command, "-f", "{connection_file}"],
        "display_name": name,
        "language": "mini",
        "env": {"MINI_TRANSPORT": "tcp"} if tcp else {},
    }
    (place / "kernel.json").write_text(json.dumps(spec))


def _make(root: Path) -> None:
    files = {"data/names.txt": "Ada\n"}
    make_course(root, {"one": CELLS}, files, STUB, kernel="bash", language="bash")
    hand_in(root, "ann")
    hand_in(root, "bob", "one", answers(**WRONG))


@pytest.fixture(scope="module")
def course(once: MakeOnce) -> Path:
    return once("a course in bash", _make)


@pytest.fixture(scope="module")
def graded(course: Path, once: MakeOnce) -> tuple[Path, dict[str, Graded]]:
    root = once("bash, by us", lambda root: shutil.copytree(course, root))
    return root, {each.learner: each for each in grade_folder(open_course_folder(root), "a1")}


def test_the_marks_are_those_of_stock_nbgrader(
    course: Path, graded: tuple[Path, dict[str, Graded]], once: MakeOnce
):
    def grade(root: Path) -> None:
        shutil.copytree(course, root)
        stock_autograde(root)

    stock = marks(once("bash, by stock nbgrader", grade))
    assert len(stock) == 12
    assert marks(graded[0]) == stock
    assert {line.run.fault for line in graded[1].values()} == {None}
    bob = {test.name: test.outcome for test in graded[1]["bob"].run.tests}
    assert bob["double_of_four"] is Outcome.PASSED
    assert bob["hidden"] is Outcome.FAILED


def test_every_test_is_beside_and_the_audit_says_in_which_kernel(
    graded: tuple[Path, dict[str, Graded]],
):
    report = audit_folder(open_course_folder(graded[0]), "a1")
    assert report.holds
    assert {line.place for line in report.lines} == {"beside"}
    assert {line.why for line in report.lines} == {"its notebook runs in a kernel of bash"}
    assert {line.advice for line in report.lines} == {""}
    assert report.notes == ()


def test_the_doctor_names_the_kernels_of_a_course(course: Path, monkeypatch: pytest.MonkeyPatch):
    found = kernels(course)
    assert (found.holds, found.detail) == (True, "`bash` (bash) for a1/one.ipynb")
    monkeypatch.delenv("JUPYTER_PATH")
    found = kernels(course)
    assert (found.holds, found.severity) == (False, "needed")
    assert "`bash` (not installed) for a1/one.ipynb" in found.detail
    assert "jupyter kernelspec list" in found.advice


@pytest.mark.parametrize(
    ("kernel", "said"),
    [
        (
            "absent",
            ["`absent`", "is not installed here", "jupyter kernelspec list", "bash", "mini"],
        ),
        ("gone", ["`gone`", "/nowhere/bin/gone", "is not there or cannot be run"]),
    ],
)
def test_a_kernel_that_is_missing_is_told_before_anything_is_graded(
    course: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str, said: list[str]
):
    root = tmp_path / "course"
    shutil.copytree(course, root)
    path = root / "source" / "a1" / "one.ipynb"
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.kernelspec.name = kernel
    nbformat.write(notebook, path)
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    monkeypatch.chdir(root)
    done = CliRunner().invoke(app, ["grade", "a1"])
    assert done.exit_code == 1
    words = done.stderr.replace("\n", " ")
    assert words.count("grader: ") == 1
    assert [w for w in [*said, "one.ipynb", "othing was graded"] if w not in words] == []
    assert {p: p.read_bytes() for p in root.rglob("*") if p.is_file()} == before


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, ("python3", "python")),
        ({"kernelspec": {"name": "conda-env-x-py"}}, ("conda-env-x-py", "python")),
        ({"kernelspec": {"name": "python2", "language": "python"}}, ("python2", "python")),
        ({"kernelspec": {"name": "stat101", "language": "python"}}, ("stat101", "python")),
        (
            {"kernelspec": {"name": "stat101"}, "language_info": {"name": "python"}},
            ("stat101", "python"),
        ),
        ({"kernelspec": {"name": "ir", "language": "R"}}, ("ir", "r")),
        ({"kernelspec": {"name": "mini-tcp"}}, ("mini-tcp", "mini")),
        ({"kernelspec": {"name": "apl"}}, ("apl", "apl")),
    ],
)
def test_the_language_is_what_the_notebook_says_or_its_kernel(
    metadata: dict[str, dict[str, str]], expected: tuple[str, str]
):
    assert language_of(metadata) == expected


def test_a_python_kernel_that_is_not_installed_is_no_obstacle(tmp_path: Path):
    cells = [answer("two", "def two():\n    return 2"), assertion("is_two", "assert two() == 2")]
    root = make_course(tmp_path / "c", {"one": cells}, kernel="conda-env-old-py")
    kit = open_assignment(open_course_folder(root), "a1").kit
    assert kit.kernels == {}
    assert [test.apart for test in kit.plans["one"].tests] == [True]


def test_a_kernel_whose_tests_cannot_fail_is_noted(tmp_path: Path):
    cells = [answer("two", "out two"), assertion("is_two", "out error: it is not two")]
    root = make_course(tmp_path / "c", {"one": cells}, {}, STUB, kernel="mini", language="mini")
    report: FolderAudit = audit_folder(open_course_folder(root), "a1")
    assert report.holds
    assert "every test passes without any answer" in " ".join(report.notes)


class Running:
    """A kernel in the sandbox, and what becomes of tests in it."""

    def __init__(self, kernel: Kernel, **limits: float) -> None:
        self.limits = Limits(cell_seconds=2.0, output_kib=64, **limits)
        sandbox = Bubblewrap(view=View(places=kernel.folders, cold=True))
        self.process = sandbox.start(self.limits)
        self.learner = LinkedLearner(self.process, self.limits)
        try:
            self.run = KernelPass(Plan("one", ()), kernel, self.learner)
        except SandboxError:
            self.process.kill()
            raise

    def test(self, *words: str, points: float = 4.0) -> tuple[float, str]:
        """What a test earns, and why it did not earn more."""
        code = "\n".join(words)
        step = Step("t", Role.TEST, code=code, why_beside="kernel")
        self.run._plan = Plan("one", (step,))
        self.run.run(ScriptCell("t", Role.TEST, "", points=points))
        return self.run.tests[-1].earned, self.run.tests[-1].rationale

    def shows(self, *words: str) -> str:
        """What an ordinary cell shows."""
        self.run.run(ScriptCell("c", Role.EXTRA, "\n".join(words)))
        done = self.run.cells[-1]
        return "".join(out["text"] for out in done.outputs if "text" in out)


@pytest.fixture
def start() -> Iterator[Callable[[str], Running]]:
    running: list[Running] = []

    def begin(name: str) -> Running:
        kernel = find_kernel(name)
        assert kernel is not None
        running.append(Running(kernel))
        return running[-1]

    yield begin
    for each in running:
        each.process.kill()


def test_a_cell_counts_by_its_own_reply_and_outputs(start: Callable[[str], Running]):
    mini = start("mini")
    assert mini.test("out hello") == (4.0, "")
    assert mini.test("value 2.5") == (2.5, "")
    assert mini.test("value [1] 0.5") == (4.0, "")
    assert mini.test("value 5")[0] == 0.0
    assert mini.test("value nan")[0] == 0.0
    assert mini.test("value -1")[0] == 0.0
    assert mini.test("value 2", "err late") == (2.0, "")
    assert "standard error" in mini.test("err early", "value 2")[1]
    assert mini.test("err gone", "clear") == (4.0, "")
    assert mini.test("fail 3 is not 4") == (0.0, "Mini: 3 is not 4\n3 is not 4")
    assert mini.test("value 4", "fail after all")[0] == 0.0
    assert mini.test("shown only") == (0.0, "Mini: only")
    assert mini.test("abort") == (0.0, "KernelError: the kernel says `abort`")
    assert mini.test("") == (4.0, "")
    # what floods the outputs hides no value
    assert mini.test("flood 1", "value 1") == (1.0, "")
    assert len(mini.shows("flood 2")) < 2**17


def test_a_cell_that_hangs_is_interrupted_and_the_next_one_runs(start: Callable[[str], Running]):
    mini = start("mini")
    earned, why = mini.test("wait 60")
    assert (earned, why) == (0.0, "TimeLimit: stopped after 2 seconds")
    assert mini.test("out next") == (4.0, "")
    # the one that is deaf is ended, and says so once and for all
    assert mini.test("deaf 60")[0] == 0.0
    assert "did not let itself be interrupted" in mini.test("out next")[1]


def test_a_kernel_that_ends_gives_no_more_marks(start: Callable[[str], Running]):
    mini = start("mini")
    assert "its kernel ended (exit code 7)" in mini.test("out first", "die 7")[1]
    assert "its kernel ended (exit code 7)" in mini.test("out next")[1]


def test_the_kernel_is_confined_and_cannot_read_what_drives_it(
    start: Callable[[str], Running], course: Path
):
    mini = start("mini")
    assert mini.shows("read /proc/self/status") == "read b'Nam'"
    assert "not read" in mini.shows("read /proc/DRIVER/mem")
    assert "not read" in mini.shows("read /proc/DRIVER/environ")
    assert "not read" in mini.shows(f"read {course}/gradebook.db")
    assert "not reached" in mini.shows("net")


def test_a_kernel_that_does_not_start_is_a_fault_with_its_last_words(
    start: Callable[[str], Running],
):
    with pytest.raises(SandboxError) as caught:
        start("broken")
    words = ["kernel `broken` of mini does not start", "(exit code 1)", "no such module"]
    assert [each for each in words if each not in str(caught.value)] == []


def test_a_kernel_that_wants_a_network_gets_one_of_its_own(start: Callable[[str], Running]):
    assert start("mini-tcp").test("out hello") == (4.0, "")


def test_what_a_kernel_is_shown_holds_neither_course_nor_home(
    installed: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(Path, "home", lambda: tmp_path / "home")
    program = tmp_path / "home" / "bin" / "mini"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    library = tmp_path / "course" / "library"
    library.mkdir(parents=True)
    spec = installed / "kernels" / "mini" / "kernel.json"
    text = json.loads(spec.read_text())
    own = installed / "kernels" / "own"
    own.mkdir()
    paths = f"{library}:{library.parent}"
    more = {"argv": [str(program), "{connection_file}"], "env": {"LIB": paths}}
    (own / "kernel.json").write_text(json.dumps(text | more))
    kernel = find_kernel("own", [library.parent])
    shutil.rmtree(own)
    assert kernel is not None
    ours = {place for place in kernel.folders if not place.startswith("/etc/")}
    assert ours == {str(program.parent), str(library), str(own)}


OUTPUTS = {
    "nothing": [],
    "printed": [new_output("stream", name="stdout", text="1")],
    "an error": [new_output("error", ename="E", evalue="e", traceback=[])],
    "a warning": [new_output("stream", name="stderr", text="w")],
    "a part": [new_output("execute_result", data={"text/plain": " 0.5 "})],
    "no number": [new_output("execute_result", data={"text/plain": "[1] 0.5"})],
    "none": [new_output("execute_result", data={"text/plain": "0"})],
    "all": [new_output("execute_result", data={"text/plain": "2"})],
    "shown": [new_output("display_data", data={"text/plain": "0.5"})],
}
OUTPUTS |= {f"{a}, {b}": OUTPUTS[a] + OUTPUTS[b] for a in OUTPUTS for b in OUTPUTS}


@pytest.mark.parametrize("name", [n for n in OUTPUTS if not n.endswith(", an error")])
def test_the_verdict_on_a_cell_is_nbgraders(name: str):
    outputs = OUTPUTS[name]
    cell = new_code_cell("1", outputs=outputs)
    cell.metadata["nbgrader"] = {"grade": True, "solution": False, "points": 2.0, "grade_id": "t"}
    expected, _ = determine_grade(cell)
    error = "E: e" if any(out.output_type == "error" for out in outputs) else None
    deciding = [
        out for out in outputs if out.output_type == "execute_result" or "stderr" in str(out)
    ]
    decides = None
    if deciding:
        value = deciding[0].output_type == "execute_result"
        decides = ("value", deciding[0].data["text/plain"]) if value else ("stderr", "")
    verdict = verdict_of_cell(CellRun("t", error=error), decides)
    step = Step("t", Role.TEST, why_beside="kernel")
    assert (
        result_of(ScriptCell("t", Role.TEST, "", points=2.0), step, verdict, "").earned == expected
    )


def test_an_error_of_the_sandbox_is_no_zero(monkeypatch: pytest.MonkeyPatch):
    kernel = Kernel("lost", "mini", ("/nowhere/mini",))
    with pytest.raises(SandboxError, match=r"/nowhere/mini cannot be started there: No such file"):
        Running(kernel)
