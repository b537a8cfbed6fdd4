"""Shortcuts in a real learner's process: refused to their exercise's tests, and to nobody else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from course.link.shortcuts import ShortcutRefused, Shortcuts, refusal

from .conftest import Notebook

# Of the standard library, so that a process of their own costs each test next to nothing.
DECLARED = {
    "average": ["statistics.mean", "statistics.fmean"],
    "other": ["fractions.Fraction"],
    "words": [
        "collections.Counter",
        "string.Formatter.vformat",
        "nowhere.at_all",
        "string.nothing",
    ],
}


@pytest.fixture
def watched() -> Iterator[Notebook]:
    notebook = Notebook()
    assert notebook.ask(do="watch", shortcuts=DECLARED) == {}
    yield notebook
    notebook.end()


def ask(notebook: Notebook, exercise: str, name: str, *args: Any) -> Any:
    """One call, as a test of the exercise makes it."""
    return notebook.ask(do="call", target=name, args=list(args), kwargs={}, exercise=exercise)


def refused(reply: Any) -> list[str]:
    assert reply["error"]["type"] == "ShortcutRefused"
    assert reply["value"] is None
    return list(reply["shortcuts"])


IN_ITS_BODY = "def average(x):\n    import statistics\n    return statistics.mean(x)"
BOUND_BEFORE = "from statistics import mean as m\ndef average(x):\n    return m(x)"
BOUND_INSIDE = "def average(x):\n    from statistics import mean as m\n    return m(x)"
AS_A_DEFAULT = "import statistics\ndef average(x, f=statistics.mean):\n    return f(x)"
IN_A_THREAD = """
import statistics, threading
def average(x):
    seen = []
    def work():
        try:
            seen.append(statistics.mean(x))
        except RuntimeError:
            pass
    thread = threading.Thread(target=work)
    thread.start(); thread.join()
    return seen[0]
"""


@pytest.mark.parametrize("cell", [IN_ITS_BODY, BOUND_BEFORE, BOUND_INSIDE, AS_A_DEFAULT])
def test_a_shortcut_is_refused_under_whatever_name_it_was_bound(watched: Notebook, cell: str):
    watched.run(cell)
    reply = ask(watched, "average", "average", [1.0, 3.0])
    assert refused(reply) == ["statistics.mean"]
    assert reply["error"]["message"] == refusal("average", ["statistics.mean"])


@pytest.mark.parametrize("exercise", ["words", "not_declared", ""])
def test_other_exercises_may_use_it(watched: Notebook, exercise: str):
    watched.run(IN_ITS_BODY)
    reply = ask(watched, exercise, "average", [1.0, 3.0])
    assert (reply["value"], reply["error"]) == (2.0, None)
    assert "shortcuts" not in reply


def test_a_learners_own_cells_may_use_it_also_after_it_was_refused(watched: Notebook):
    watched.run(IN_ITS_BODY)
    refused(ask(watched, "average", "average", [1.0, 3.0]))
    assert watched.shown("average([1.0, 3.0])") == "2.0\n"


CAUGHT = """
import statistics
def average(x):
    try:
        return statistics.mean(x)
    except BaseException:
        return sum(x) / len(x)
"""


@pytest.mark.parametrize("cell", [CAUGHT, IN_A_THREAD])
def test_code_that_hides_the_error_does_not_hide_the_use(watched: Notebook, cell: str):
    watched.run(cell)
    assert ask(watched, "average", "average", [1.0, 3.0])["shortcuts"] == ["statistics.mean"]


def test_all_that_were_met_are_told_and_each_answer_tells_its_own(watched: Notebook):
    watched.run(CAUGHT.replace("return sum(x) / len(x)", "statistics.fmean(x)"))
    reply = ask(watched, "average", "average", [1.0, 3.0])
    assert refused(reply) == ["statistics.fmean", "statistics.mean"]
    watched.run("def plain(x): return sum(x) / len(x)")
    assert "shortcuts" not in ask(watched, "average", "plain", [1.0, 3.0])


def test_an_answer_that_cannot_be_sent_tells_it_too(watched: Notebook):
    deep = "x = []\n        for _ in range(10**4): x = [x]\n        return x"
    watched.run(CAUGHT.replace("return sum(x) / len(x)", deep))
    reply = ask(watched, "average", "average", [1.0, 3.0])
    assert reply["error"]["type"] == "CodecError"
    assert reply["shortcuts"] == ["statistics.mean"]


def test_probes_and_attributes_are_questions_too(watched: Notebook):
    watched.run(
        "import statistics\n"
        "class Lazy:\n"
        "    @property\n"
        "    def value(self): return statistics.mean([1.0, 3.0])\n"
        "lazy = Lazy()"
    )
    number = watched.get("lazy").number
    reply = watched.ask(do="attribute", target=number, name="value", exercise="average")
    assert refused(reply) == ["statistics.mean"]
    source = "def p(x):\n    return statistics.mean(x)"
    ask_probe = {"do": "probe", "source": source, "name": "p", "args": [[1.0]], "kwargs": {}}
    assert refused(watched.ask(**ask_probe, exercise="average")) == ["statistics.mean"]


def test_nothing_is_imported_for_the_sake_of_a_name(watched: Notebook):
    # fractions is there already: the link itself carries them
    watched.run("import sys\nbefore = [n for n in ('statistics', 'pandas') if n in sys.modules]")
    assert watched.get("before") == []


MAKES_ONE = """
from fractions import Fraction
def half():
    return str(Fraction(1, 2))
class Mine(Fraction):
    pass
def of_a_subclass():
    return str(Mine(1, 2))
"""


@pytest.mark.parametrize("name", ["half", "of_a_subclass"])
def test_a_class_that_is_made_by_new(watched: Notebook, name: str):
    watched.run(MAKES_ONE)
    assert watched.shown("print(half(), Mine(3), Fraction('0.25') + 1)") == "1/2 3 5/4\n"
    assert refused(ask(watched, "other", name)) == ["fractions.Fraction"]
    assert ask(watched, "average", name)["value"] == "1/2"


def test_a_class_that_is_made_by_init_and_what_is_made_of_it_stay_what_they_are(watched: Notebook):
    watched.run(
        "import collections, copy, inspect, pickle\n"
        "def most(text): return collections.Counter(text).most_common(1)[0][0]\n"
        "made = collections.Counter('hello', x=2)\n"
        "again = pickle.loads(pickle.dumps(made))\n"
    )
    assert watched.shown("isinstance(made, collections.Counter), again == made") == "(True, True)\n"
    assert watched.shown("made['l'], made['x'], issubclass(type(made), dict)") == "(2, 2, True)\n"
    assert refused(ask(watched, "words", "most", "hello")) == ["collections.Counter"]
    assert ask(watched, "average", "most", "hello")["value"] == "l"


def test_a_method_by_way_of_what_calls_it(watched: Notebook):
    watched.run("import string\ndef fill(x): return string.Formatter().format('{}!', x)")
    assert ask(watched, "average", "fill", 3)["value"] == "3!"
    assert refused(ask(watched, "words", "fill", 3)) == ["string.Formatter.vformat"]


def test_a_wrapped_function_looks_as_it_did(watched: Notebook):
    watched.run("import inspect, statistics")
    said = watched.shown("statistics.fmean.__name__, str(inspect.signature(statistics.fmean))")
    assert said == "('fmean', '(data, weights=None)')\n"


def test_who_takes_the_wrapper_off_is_not_stopped_and_spoils_nothing(watched: Notebook):
    # pedagogy, and no wall: but the process goes on answering, and nobody else's marks change
    watched.run(
        "import gc, statistics\n"
        "statistics.mean = statistics.mean.__wrapped__\n"
        "for each in gc.get_objects():\n"
        "    if type(each).__name__ == 'Shortcuts':\n"
        "        each._met, each._declared, each._asking = None, {}, None\n"
        "def average(x): return statistics.mean(x)"
    )
    reply = ask(watched, "average", "average", [1.0, 3.0])
    assert (reply["value"], "shortcuts" in reply) == (2.0, False)


TORCH = {
    "loss": [
        "torch.nn.functional.cross_entropy",
        "torch.Tensor.log_softmax",
        "scipy.special.log_softmax",
    ],
    "step": ["torch.optim.SGD"],
}
WAYS = """
import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.functional import cross_entropy as ce

s, y = torch.zeros(1, 4), torch.tensor([2])
def by_module(): return F.cross_entropy(s, y).item()
def by_alias(): return ce(s, y).item()
def by_class(): return torch.nn.CrossEntropyLoss()(s, y).item()
def by_method(): return -s.log_softmax(dim=1)[0, 2].item()
def by_functional(): return -F.log_softmax(s, dim=1)[0, 2].item()
def by_scipy():
    from scipy.special import log_softmax
    return -float(log_softmax(np.zeros(4))[2])
def by_what_is_near(): return (s.logsumexp(dim=1) - s[0, 2]).item()
def optimizer():
    w = torch.ones(1, requires_grad=True)
    sgd = torch.optim.SGD([w], lr=0.5)
    (3 * w).sum().backward()
    sgd.step()
    return w.item()
"""


@pytest.fixture(scope="module")
def with_torch() -> Iterator[Notebook]:
    notebook = Notebook()
    notebook.ask(do="watch", shortcuts=TORCH)
    assert notebook.run(WAYS)["error"] is None
    yield notebook
    notebook.end()


@pytest.mark.parametrize(
    ("way", "name"),
    [
        ("by_module", "torch.nn.functional.cross_entropy"),
        ("by_alias", "torch.nn.functional.cross_entropy"),
        ("by_class", "torch.nn.functional.cross_entropy"),
        ("by_method", "torch.Tensor.log_softmax"),
        ("by_functional", "torch.Tensor.log_softmax"),
        ("by_scipy", "scipy.special.log_softmax"),
    ],
)
def test_the_ways_to_a_cross_entropy(with_torch: Notebook, way: str, name: str):
    assert ask(with_torch, "step", way)["value"] == pytest.approx(1.3862944)
    assert refused(ask(with_torch, "loss", way)) == [name]
    assert with_torch.shown(f"round({way}(), 4)") == "1.3863\n"


def test_what_is_near_a_shortcut_is_none(with_torch: Notebook):
    assert ask(with_torch, "loss", "by_what_is_near")["value"] == pytest.approx(1.3862944)


def test_an_optimizer_works_for_whom_it_is_no_shortcut(with_torch: Notebook):
    assert ask(with_torch, "loss", "optimizer")["value"] == -0.5
    assert refused(ask(with_torch, "step", "optimizer")) == ["torch.optim.SGD"]


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """A library that this process may wrap without harm to anybody."""
    module = ModuleType("a_made_up_library")
    module.double = lambda x: 2 * x  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, module.__name__, module)
    return module


def test_it_is_refused_no_longer_than_the_test_asks(made_up: ModuleType):
    shortcuts = Shortcuts()
    shortcuts.watch({"twice": ["a_made_up_library.double"]})
    with shortcuts.asked_by("twice") as met, pytest.raises(ShortcutRefused):
        made_up.double(3)
    assert met == {"a_made_up_library.double"}
    assert made_up.double(3) == 6  # what a thread that is left behind would get
    with shortcuts.asked_by("twice") as met:
        pass
    assert met == set()


def test_a_lazy_library_stays_lazy(made_up: ModuleType):
    asked = []
    made_up.__getattr__ = asked.append  # type: ignore[method-assign,assignment]
    Shortcuts().watch({"twice": ["a_made_up_library.part.double"]})
    assert asked == []


def test_the_reason_names_all_shortcuts_and_libraries_once():
    said = refusal("f", ["scipy.special.softmax", "torch.softmax", "torch.Tensor.softmax"])
    assert "`scipy.special.softmax`, `torch.softmax` and `torch.Tensor.softmax`, which do" in said
    assert said.endswith("everything else in scipy and torch is yours to use.")
