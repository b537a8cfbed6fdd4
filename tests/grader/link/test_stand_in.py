"""A stand-in answers calls and attributes, and nothing that would let an object mark itself."""

from __future__ import annotations

import copy
import json
import math
import operator
import pickle
import reprlib
import statistics
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from course.testing import assert_close
from grader.link.learner import LocalLearner
from grader.link.stand_in import Conversation, NotPlainData, StandIn
from grader.link.student_error import StudentError

LEARNER = """
class Yes:
    '''Equals everything, is everything, holds everything.'''
    def _yes(self, *_, **__): return True
    __eq__ = __lt__ = __gt__ = __le__ = __ge__ = __contains__ = __bool__ = _yes
    __ne__ = lambda self, other: False
    __hash__ = lambda self: 0
    __float__ = __abs__ = __sub__ = __rsub__ = lambda self, *_: 0.0
    __array__ = lambda self, *_, **__: __import__("numpy").zeros(3)
    __iter__ = lambda self: iter([1, 2, 3])
    __len__ = lambda self: 3
    __getitem__ = lambda self, key: 5.27
    __class__ = property(lambda self: float)
    size = 3
    def grow(self, by=1): return self.size + by
    def __call__(self, *args): return args
yes = Yes()
def give(): return yes
def same(a, b): return a is b
def weigh(things): return sum(thing.size for thing in things["all"])
"""


@pytest.fixture
def conversation() -> Conversation:
    learner = LocalLearner()
    assert learner.run("answer", LEARNER).error is None
    return Conversation(learner)


@pytest.fixture(params=["looked up", "returned"])
def stand_in(request: pytest.FixtureRequest, conversation: Conversation) -> Any:
    if request.param == "looked up":
        return conversation.look_up("yes")
    return conversation.look_up("give")()


BINARY = [
    *("add", "and_", "floordiv", "lshift", "matmul", "mod", "mul", "or_", "pow", "rshift", "sub"),
    *("truediv", "xor", "eq", "ne", "lt", "le", "gt", "ge"),
    *("iadd", "isub", "imul", "itruediv", "imatmul", "ipow", "iand", "ior", "ixor"),
]


@pytest.mark.parametrize("name", BINARY)
@pytest.mark.parametrize("other", [1, 1.5, "a", [1], None, np.ones(2), np.float64(1), True, 1j])
def test_no_operator_takes_it_on_either_side(stand_in: Any, name: str, other: Any):
    function = getattr(operator, name)
    with pytest.raises(NotPlainData):
        function(stand_in, other)
    if isinstance(other, str) and name == "mod":
        assert function(other, ()) == other  # "%" of a text formats; the stand-in is never asked
        return
    with pytest.raises((NotPlainData, TypeError)):  # list += x asks for an iterator, and so on
        function(copy.copy(other), stand_in)


@pytest.mark.parametrize(
    "name", ["neg", "pos", "abs", "invert", "index", "not_", "truth", "length_hint"]
)
def test_no_operator_takes_it_alone(stand_in: Any, name: str):
    with pytest.raises(NotPlainData):
        getattr(operator, name)(stand_in)


async def awaited(x: Any) -> Any:
    return await x


def entered(x: Any) -> None:
    with x:
        pass


def matched(x: Any) -> bool:
    match x:
        case float():
            return True
        case _:
            return False


def assigned(x: Any) -> None:
    x.size = 5


def deleted(x: Any) -> None:
    del x.size


USES: dict[str, Callable[[Any], Any]] = {
    "bool": bool,
    "if": lambda x: 1 if x else 0,
    "not": lambda x: not x,
    "and": lambda x: x and True,
    "all": lambda x: all([x]),
    "any": lambda x: any([x]),
    "int": int,
    "float": float,
    "complex": complex,
    "bytes": bytes,
    "round": round,
    "round to 2": lambda x: round(x, 2),
    "floor": math.floor,
    "ceil": math.ceil,
    "trunc": math.trunc,
    "divmod": lambda x: divmod(x, 2),
    "reflected divmod": lambda x: divmod(2, x),
    "len": len,
    "iter": iter,
    "next": next,
    "list": list,
    "tuple": tuple,
    "set": set,
    "dict": dict,
    "sorted": sorted,
    "reversed": reversed,
    "enumerate": enumerate,
    "sum": sum,
    "sum of it": lambda x: sum([x]),
    "max": lambda x: max(x, 1),
    "unpacking": lambda x: [*x],
    "two names": lambda x: (lambda a, b: a)(*x),
    "in": lambda x: 1 in x,
    "in a list": lambda x: x in [1, 2],
    "in a set": lambda x: x in {1, 2},
    "as a key": lambda x: {x: 1},
    "hash": hash,
    "index": lambda x: [1, 2, 3][x],
    "slice": lambda x: [1, 2, 3][:x],
    "item": lambda x: x[0],
    "isinstance": lambda x: isinstance(x, float),
    "isinstance of many": lambda x: isinstance(x, (int, str)),
    "isinstance of a union": lambda x: isinstance(x, int | str),
    "match": matched,
    "__class__": lambda x: x.__class__,
    "__doc__": lambda x: x.__doc__,
    "dir": dir,
    "set attribute": assigned,
    "delete attribute": deleted,
    "with": entered,
    "await": lambda x: awaited(x).send(None),
    "format": lambda x: f"{x:.3f}",
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "pickle": pickle.dumps,
    "json": json.dumps,
    "isclose": lambda x: math.isclose(x, 5.27),
    "fsum": lambda x: math.fsum([x]),
    "mean": lambda x: statistics.mean([x, x]),
    "list equality": lambda x: [x] == [1],
    "reflected list equality": lambda x: operator.eq([1], [x]),
    "dict equality": lambda x: {"a": x} == {"a": 1},
    "np.asarray": np.asarray,
    "np.array": np.array,
    "np.array of a list": lambda x: np.array([x]),
    "np.array of a list of lists": lambda x: np.array([[1.0, 2.0], [3.0, x]]),
    "np.asarray of floats": lambda x: np.asarray(x, dtype=float),
    "np.float64": np.float64,
    "np.isclose": lambda x: np.isclose(x, 5.27),
    "np.allclose": lambda x: np.allclose(5.27, x),
    "np.array_equal": lambda x: np.array_equal(x, [1, 2, 3]),
    "np.add": lambda x: np.add(1, x),
    "np.abs": np.abs,
    "np.sum": np.sum,
    "np.shape": np.shape,
    "np.zeros": lambda x: np.zeros(x),
    "np.testing": lambda x: np.testing.assert_allclose(x, 5.27),
    "np.testing of the other": lambda x: np.testing.assert_equal(5.27, x),
    "an array equals": lambda x: np.ones(3) == x,
    "an array at": lambda x: np.ones(3)[x],
    "an array set": lambda x: np.ones(3).__setitem__(0, x),
    "approx": lambda x: x == pytest.approx(5.27),
    "reflected approx": lambda x: pytest.approx(5.27) == x,
    "approx of it": lambda x: pytest.approx(x) == 5.27,
    "approx of a list": lambda x: [x] == pytest.approx([5.27]),
    "torch.tensor": torch.tensor,
    "torch.as_tensor": torch.as_tensor,
    "torch.allclose": lambda x: torch.allclose(torch.ones(1), x),
    "a tensor equals": lambda x: torch.ones(1) == x,
    "a tensor plus": lambda x: torch.ones(1) + x,
    "torch.testing": lambda x: torch.testing.assert_close(x, 5.27),
    "assert_close": lambda x: assert_close(x, 5.27),
    "assert_close of a list": lambda x: assert_close([x], [5.27]),
    "assert_close with it": lambda x: assert_close(5.27, x),
    "issubclass": lambda x: issubclass(x, object),
    "__dict__": lambda x: x.__dict__,
    "vars": vars,
}


# Python and NumPy raise an error of their own here, before or after they have asked.
OTHERWISE = {
    "mean": TypeError,
    "an array set": ValueError,
    "issubclass": TypeError,
    "__dict__": AttributeError,
    "vars": TypeError,
}


@pytest.mark.parametrize("use", USES)
def test_no_use_of_it_gives_an_answer(stand_in: Any, use: str):
    with pytest.raises(OTHERWISE.get(use, NotPlainData)):
        USES[use](stand_in)


def test_the_error_names_the_object_and_says_what_would_do(conversation: Conversation):
    with pytest.raises(NotPlainData, match=r"`give\(\.\.\.\)` is an object of type `Yes`, which"):
        bool(conversation.look_up("give")())


def test_it_can_be_shown_in_a_message(stand_in: Any):
    assert f"{stand_in}" in ("<yes: Yes>", "<give(...): Yes>")
    assert str(stand_in) == repr(stand_in) == f"{stand_in!r}"
    assert "Yes" in reprlib.repr(stand_in)
    assert "%s" % stand_in == repr(stand_in)  # noqa: UP031


def test_it_is_itself_and_nothing_else(stand_in: Any):
    assert type(stand_in) is StandIn
    assert (stand_in is None, stand_in is True) == (False, False)


def test_calls_attributes_and_methods_bring_plain_data(stand_in: Any, conversation: Conversation):
    assert stand_in.size == 3
    assert stand_in.grow(by=4) == 7
    assert stand_in(1, (2,), None) == (1, (2,), None)
    name = stand_in._name
    asked = [exchange.name for exchange in conversation.exchanges]
    assert asked[-4:] == [f"{name}.size", f"{name}.grow", f"{name}.grow(...)", name]


def test_a_missing_attribute_is_a_students_attribute_error(stand_in: Any):
    with pytest.raises(AttributeError) as caught:
        stand_in.no_such()
    assert isinstance(caught.value, StudentError)
    assert not hasattr(stand_in, "no_such")
    assert getattr(stand_in, "no_such", 5) == 5


def test_questions_of_python_itself_do_not_reach_the_learner(
    stand_in: Any, conversation: Conversation
):
    before = len(conversation.exchanges)
    for name in ("__len__x__", "__wrapped__", "__array_interface__", "__torch_function__"):
        assert not hasattr(stand_in, name)
    assert len(conversation.exchanges) == before


def test_it_can_be_given_back_as_an_argument_also_inside_containers(conversation: Conversation):
    one, other = conversation.look_up("give")(), conversation.look_up("give")()
    assert conversation.look_up("same")(one, other) is True
    assert conversation.look_up("same")(one, b=3) is False
    assert conversation.look_up("weigh")({"all": [one, (other)]}) == 6


def test_a_name_cannot_be_an_argument(conversation: Conversation):
    with pytest.raises(NotPlainData, match="`give` cannot be an argument; write a probe"):
        conversation.look_up("same")(conversation.look_up("give"), 1)


def test_a_plain_name_is_plain_and_noted(conversation: Conversation):
    conversation.learner.run("answer", "table = {'a': [1, (2,)]}")
    assert conversation.look_up("table") == {"a": [1, (2,)]}
    assert conversation.exchanges[-1].name == "table"
    assert conversation.exchanges[-1].reply.value == {"a": [1, (2,)]}


def test_received_values_belong_to_the_test_alone(conversation: Conversation):
    conversation.learner.run("answer", "shared = [1]\ndef f(x): x.append(2); return shared")
    mine = [0]
    received = conversation.look_up("f")(mine)
    received.append(9)
    assert mine == [0]
    assert conversation.look_up("shared") == [1]
