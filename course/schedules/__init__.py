"""Learning-rate schedules: pure functions from a step to a value, and one that drives a model.

A schedule is any function ``step -> value``. A step is one batch, counted from 0, and the
value for step k is the one that step k is taken with. A schedule knows no optimizer and
keeps no state, so it can be plotted, joined, tested and resumed anywhere; momentum or a
penalty can be scheduled as well as a rate. Only `ScheduledOptimizer` touches an optimizer.

Two conventions hold for all of them. A length in `steps` is how many steps it takes to
arrive: the value *at* step `steps` is the last one. Past it the schedule stays there.
"""

from course.schedules.cosine import cosine_annealing
from course.schedules.joining import join
from course.schedules.onecycle import one_cycle, one_cycle_momentum
from course.schedules.optimizer import ScheduledOptimizer
from course.schedules.restarts import cycle_ends, epochs_in_total, warm_restarts
from course.schedules.schedule import Schedule, sample
from course.schedules.simple import constant, exponential, linear

__all__ = [
    "Schedule",
    "ScheduledOptimizer",
    "constant",
    "cosine_annealing",
    "cycle_ends",
    "epochs_in_total",
    "exponential",
    "join",
    "linear",
    "one_cycle",
    "one_cycle_momentum",
    "sample",
    "warm_restarts",
]
