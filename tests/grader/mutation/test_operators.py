"""What each operator makes of a line, and what no operator touches."""

import ast

import pytest

from grader.mutation.mutants import mutants_of

HEAD = "def f(a, b, x, *, k=None):\n"


def variants_of(line: str) -> set[str]:
    """The lines that take the place of `line` in the mutants of a function that holds it."""
    source = f"{HEAD}    {line}\n    g(x)\n    return\n"
    found = set()
    for mutant in mutants_of("f", source):
        added = [each[5:] for each in mutant.change.split("\n") if each.startswith("+")]
        removed = [each[5:] for each in mutant.change.split("\n") if each.startswith("-")]
        if "g(x)" not in removed:
            found.add("\n".join(added))
    return found


CASES = {
    # arithmetic: the other operator, and each term alone
    "a += b": {"a -= b", "a = b", ""},
    "g(a + b)": {"g(a - b)", "g(a)", "g(b)", ""},
    "g(a * b)": {"g(a / b)", "g(a)", "g(b)", ""},
    "g(a ** b)": {"g(a * b)", ""},
    "g(a @ b)": {"g(b @ a)", ""},
    "g(a // b)": {"g(a / b)", "g(a * b)", ""},
    "g(a % b)": {"g(a // b)", ""},
    # comparisons and booleans
    "g(a < b)": {"g(a <= b)", "g(a > b)", ""},
    "g(a >= b)": {"g(a > b)", "g(a <= b)", ""},
    "g(a == b)": {"g(a != b)", ""},
    "g(a is b)": {"g(a is not b)", ""},
    "g(a in b)": {"g(a not in b)", ""},
    "g(a < b < x)": {"g(a <= b < x)", "g(a > b < x)", "g(a < b <= x)", "g(a < b > x)", ""},
    "g(a and b)": {"g(a or b)", "g(a)", "g(b)", ""},
    "g(a or b or x)": {"g(a and b and x)", "g(b or x)", "g(a or x)", "g(a or b)", ""},
    "g(not a)": {"g(a)", ""},
    "g(True)": {"g(False)", ""},
    # signs and numbers; -3 is one number
    "g(-a)": {"g(a)", ""},
    "g(~a)": {"g(a)", ""},
    "g(0)": {"g(1)", ""},
    "g(1)": {"g(0)", "g(2)", ""},
    "g(-3)": {"g(3)", "g(-4)", "g(-2)", ""},
    "g(100)": {"g(200)", "g(50)", ""},
    "g(0.0)": {"g(1.0)", ""},
    "g(0.5)": {"g(1.0)", "g(0.25)", "g(-0.5)", ""},
    "g(1e-5)": {"g(0.001)", "g(1e-07)", "g(-1e-05)", ""},
    "a = a + b": {"a = -(a + b)", "a = a - b", "a = a", "a = b", ""},
    # slices and indices
    "g(x[a:b])": {"g(x[:b])", "g(x[a + 1:b])", "g(x[a:])", "g(x[a:b - 1])", ""},
    "g(x[:-1])": {"g(x[:])", "g(x[:1])", "g(x[:-2])", "g(x[:0])", ""},
    "g(x[::2])": {"g(x[:])", "g(x[::1])", "g(x[::3])", ""},
    "g(x[a])": {"g(x[a - 1])", ""},
    "g(x[a, b])": {"g(x[a - 1, b])", "g(x[a, b - 1])", "g(x[b, a])", ""},
    "g(x[:, None])": {"g(x[None, :])", ""},
    "x[a] = b": {"x[a - 1] = b", ""},
    # calls
    "g(x.mean())": {"g(x.sum())", ""},
    "g(max(a, b))": {"g(min(a, b))", ""},
    "g(np.maximum(a, b))": {"g(np.minimum(a, b))", ""},
    "g(abs(x))": {"g(x)", ""},
    "g(np.abs(x))": {"g(x)", ""},
    "g(torch.nn.functional.relu(x))": {"g(x)", ""},
    "g(x.copy())": {"g(x)", ""},
    "g(x.astype(k))": {"g(x)", ""},
    "g(x.T)": {"g(x)", ""},
    "g(np.asarray(float(x)))": {""},  # it takes in more than it must
    # axes and arguments
    "g(x, axis=0)": {"g(x, axis=1)", "g(x)", ""},
    "g(x, axis=1)": {"g(x, axis=0)", "g(x)", ""},
    "g(x, dim=2)": {"g(x, dim=1)", "g(x)", ""},
    "g(x, axis=-1)": {"g(x, axis=-2)", "g(x)", ""},
    "g(x, axis=-2)": {"g(x, axis=-1)", "g(x)", ""},
    "g(x, axis=(1, 2))": {"g(x, axis=(2,))", "g(x, axis=(1,))", "g(x)", ""},
    "g(x, axis=a)": {"g(x)", ""},
    "g(x, keepdims=True)": {"g(x, keepdims=False)", ""},
    "g(x, dtype=x.dtype)": {"g(x)", ""},
    "g(**k)": {""},
    # conditions; the line stays one line
    "a = b if x else k": {"a = b if True else k", "a = b if False else k", ""},
    "a = [b for b in x if k]": {"a = [b for b in x]", ""},
    # nothing to change inside
    "g('mean', f'{a + b} of 3')": {""},
    "raise ValueError(a + 1)": {""},
    "assert a, b + 1": {""},
    "k: list[1] = a": {""},
    "a = [b for b, x in zip(x, x, strict=True)]": {""},
}


@pytest.mark.parametrize("line", CASES)
def test_a_line_becomes_these(line: str) -> None:
    assert variants_of(line) == CASES[line]


BLOCKS = {
    "for a in x:\n        g(a)\n        break": {
        "-        break\n+        continue",
        "-        g(a)",
        "-        break",
    },
    "for a in x:\n        g(a)\n        continue": {
        "-        continue\n+        break",
        "-        g(a)",
        "-        continue",
    },
    "if a:\n        g(b)": {"-    if a:\n+    if True:", "-    if a:\n+    if False:"},
    "while a:\n        g(b)": {"-    while a:\n+    while False:"},
}


@pytest.mark.parametrize("block", BLOCKS)
def test_a_block_becomes_these(block: str) -> None:
    whole = f"{HEAD}    {block}\n"  # the only statement, which is never left out
    assert {mutant.change for mutant in mutants_of("f", whole)} == BLOCKS[block]


def test_what_is_returned_gets_a_sign_or_lost_and_defaults_are_changed() -> None:
    changes = {mutant.change for mutant in mutants_of("f", "def f(x, step=0.5):\n    return x")}
    head = "-def f(x, step=0.5):\n+def f(x, step="
    assert changes == {
        "-    return x\n+    return -x",
        "-    return x\n+    return None",
        *(f"{head}{value}):" for value in ("1.0", "0.25", "-0.5")),
    }


def test_statements_are_left_out_but_the_only_one_imports_and_definitions() -> None:
    source = """
def f(x):
    import math
    def g(y):
        return y
    x.append(g(x))
    math.floor(x)
"""
    changes = {mutant.change for mutant in mutants_of("f", source) if "+" not in mutant.change}
    assert changes == {"-    x.append(g(x))", "-    math.floor(x)"}


def test_the_tree_that_is_walked_is_not_changed() -> None:
    from grader.mutation.mutants import OPERATORS
    from grader.mutation.walk import variants

    tree = ast.parse("def f(x, a=1):\n    x[a] += -x.mean(axis=0) if a < 2 else 3\n    return x")
    before = ast.dump(tree, include_attributes=True)
    assert len([ast.dump(other) for other in variants(tree, OPERATORS)]) > 10
    assert ast.dump(tree, include_attributes=True) == before
