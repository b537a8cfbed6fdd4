"""A learner in the words of the lecture: the eight steps to a world-class image classifier.

    learner = Learner(model, train, valid, augment=..., precompute=True)    1
    learner.lr_find().plot()                                                2
    learner.fit(0.01, 2)                                                    3
    learner.precompute = False
    learner.fit(0.01, 3, cycle_len=1)                                       4
    learner.unfreeze()                                                      5
    rates = discriminative_learning_rates(learner.groups, 0.01, ratio=3)    6
    learner.lr_find(factors=discriminative_learning_rates(learner.groups, 1, ratio=3)).plot()  7
    learner.fit(rates, 3, cycle_len=1, cycle_mult=2)                        8

Nothing here is more than a thin layer over `course.schedules`, `course.finetuning`,
`course.augmentation`, `course.tta` and `course.lr_finder`, which can be used without it.
"""

from course.learner.learner import Learner
from course.learner.recorder import EpochRecord, Recorder

__all__ = ["EpochRecord", "Learner", "Recorder"]
