"""The release of an assignment as learners will see it, in a browser, anew on every save.

`feed` makes the page and remembers the last one that could be made, `server` shows it.
"""
