"""Courses that nbgrader made: graded as they are, in the sandbox, in parallel.

    open_place -> open_assignment -> plan -> rebuild -> execute -> record

A course of ours says in course.toml what each cell is for. Here nothing says it but nbgrader's
metadata; so for each test cell it is worked out (`placing`), and proved with the reference
answers (`trial`), whether it runs apart from the learner's code or beside it.
"""
