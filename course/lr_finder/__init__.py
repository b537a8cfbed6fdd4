"""The learning-rate range test, and what it suggests.

Train for a few steps while the rate grows from tiny to huge, and look at the loss: it
stays, falls, and blows up. A good rate lies where it falls. The test is a rehearsal:
afterwards everything is as it was before.

`lr_range_test` returns a record; its suggestions are functions of their own, which take
any curve.
"""

from course.lr_finder.averages import exponential_moving_average
from course.lr_finder.range_test import lr_range_test
from course.lr_finder.record import LRRangeTest, Suggestions
from course.lr_finder.suggestions import minimum_over_ten, steepest, valley

__all__ = [
    "LRRangeTest",
    "Suggestions",
    "exponential_moving_average",
    "lr_range_test",
    "minimum_over_ten",
    "steepest",
    "valley",
]
