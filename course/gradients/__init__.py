"""Numerical gradients, relative error, and the check of a gradient against one.

What a gradient check does not catch: a loss and a gradient that are wrong in the same
way. Test values as well, at W = 0 and at W of about 1.
"""

from course.gradients.check import GradientCheck, check_gradient
from course.gradients.error import relative_error
from course.gradients.numerical import numerical_gradient

__all__ = ["GradientCheck", "check_gradient", "numerical_gradient", "relative_error"]
