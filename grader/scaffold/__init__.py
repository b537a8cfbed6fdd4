"""New courses, weeks and assignments: complete and working from the first minute on.

`files` writes all or nothing, `declaration` adds to course.toml, `create` puts them together.
"""
