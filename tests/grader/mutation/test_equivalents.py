"""The file of the equivalents: what is printed can be pasted, and what is wrong is named."""

import tomllib
from pathlib import Path

import pytest

from grader.errors import SourceError
from grader.mutation.equivalents import as_toml, load_equivalents
from grader.mutation.mutants import Mutant

GOOD = {"id": "f-1", "exercise": "f", "change": "-    return x", "reason": "Nobody looks."}


def entry(**changes: object) -> str:
    lines = [f"{key} = {value!r}" for key, value in (GOOD | changes).items() if value is not None]
    return "\n".join(["[[equivalent]]", *lines, ""])


def test_without_a_file_there_are_none(tmp_path: Path) -> None:
    assert load_equivalents(tmp_path / "equivalents.toml") == ()


def test_an_entry_is_read(tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    path.write_text(entry() + entry(id="f-2"))
    assert [each.id for each in load_equivalents(path)] == ["f-1", "f-2"]
    assert load_equivalents(path)[0].reason == "Nobody looks."


@pytest.mark.parametrize("change", ["-a\n+b", "+    re.sub('\\d', x)", "+    '''a'''\n+ \"\"\""])
def test_what_is_printed_for_survivors_only_lacks_the_reason(change: str, tmp_path: Path) -> None:
    text = as_toml([Mutant("f-1", "f", "", change), Mutant("f-2", "f", "", change)])
    [one, two] = tomllib.loads(text)["equivalent"]
    assert (one["id"], one["exercise"], one["change"].strip("\n")) == ("f-1", "f", change)
    assert two["id"] == "f-2"
    path = tmp_path / "equivalents.toml"
    path.write_text(text)
    with pytest.raises(SourceError, match=r"f-1: reason is ''; expected a text. Say why"):
        load_equivalents(path)
    path.write_text(text.replace('reason = ""', 'reason = "Because."'))
    assert [each.change for each in load_equivalents(path)] == [change, change]


BROKEN = {
    "no TOML": ("[[equivalent", "cannot be read as TOML"),
    "another table": (entry() + "[other]\n", r"expected tables \[\[equivalent\]\]"),
    "no list": ("[equivalent]\nid = 'a'\n", r"expected tables \[\[equivalent\]\]"),
    "no id": (entry(id=None), "number 1: id is None"),
    "no reason": (entry(reason=None), "f-1: reason is None"),
    "a reason of blanks": (entry(reason="  "), "reason is '  '"),
    "a number": (entry(change=3), "change is 3"),
    "an unknown key": (entry(why="x"), "the key 'why' is unknown"),
    "twice": (entry() + entry(), "'f-1' is there 2 times"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_what_is_wrong_is_named_with_the_file(case: str, tmp_path: Path) -> None:
    path = tmp_path / "equivalents.toml"
    text, said = BROKEN[case]
    path.write_text(text)
    with pytest.raises(SourceError, match=said) as caught:
        load_equivalents(path)
    assert str(path) in str(caught.value)
