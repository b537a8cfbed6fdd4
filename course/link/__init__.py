"""The learner's side of the link between a learner's code and the process that tests it.

`codec` says which values may cross and how they are written as bytes; `frames` moves
such messages over a byte stream; `serve` runs the learner's cells and answers calls.
The test side lives with the grader and uses the same codec.
"""
