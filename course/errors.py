"""Everything that the library raises on purpose.

    CourseError
    ├── ArgumentError                  an argument that cannot be right
    │   ├── ArgumentTypeError          ... by its type or dtype   (also a TypeError)
    │   └── ArgumentValueError         ... by its value or shape  (also a ValueError)
    ├── DamagedFileError               a file is not what it was  (also a ValueError)
    └── DivergenceError                training blew up           (also an ArithmeticError)

Each leaf is also the built-in exception that a reader would expect, so that code which
knows nothing of this tree can still catch it. A message names the argument, says what
was expected and what came, and ends with something to try. All of them survive pickling,
because they cross from one process to another when a notebook is graded.
"""

__all__ = [
    "ArgumentError",
    "ArgumentTypeError",
    "ArgumentValueError",
    "CourseError",
    "DamagedFileError",
    "DivergenceError",
]


class CourseError(Exception):
    """The root: catch this to catch whatever the library raises on purpose."""


class ArgumentError(CourseError):
    """An argument that cannot be right.

    Example:
        >>> print(ArgumentError("targets", "12 at index 3", "classes in 0..9", "Count from 0."))
        targets: expected classes in 0..9, got 12 at index 3. Count from 0.
    """

    def __init__(self, name: str, got: str, expected: str, hint: str) -> None:
        super().__init__(name, got, expected, hint)
        self.name = name
        self.got = got
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.name}: expected {self.expected}, got {self.got}. {self.hint}"


class ArgumentTypeError(ArgumentError, TypeError):
    """An argument of the wrong type or dtype."""


class ArgumentValueError(ArgumentError, ValueError):
    """An argument of a fitting type whose value or shape cannot be right."""


class DamagedFileError(CourseError, ValueError):
    """A file that is missing, was cut short, or is not the one it should be.

    Example:
        >>> print(DamagedFileError("w.bin", "3 bytes", "4 bytes", "Fetch it again."))
        w.bin: expected 4 bytes, got 3 bytes. Fetch it again.
    """

    def __init__(self, path: str, got: str, expected: str, hint: str) -> None:
        super().__init__(path, got, expected, hint)
        self.path = path
        self.got = got
        self.expected = expected
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}. {self.hint}"


class DivergenceError(CourseError, ArithmeticError):
    """Training left the range of floating-point numbers."""
