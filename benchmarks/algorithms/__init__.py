"""Measure the algorithms of the library against what else does the same: `python -m` this.

Each module beside this one has a function `rows`, which measures and yields its rows. Only
ratios are compared, ours over the other's, both measured in turn in the same process.
"""
