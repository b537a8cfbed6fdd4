"""A learner's own side of the course: the working folder, the record of progress, what is next.

course.study.catalogue   what the course hands out
course.study.workspace   the working folder, which takes in new releases
course.study.progress    what was checked, hinted and passed, and when to come back
course.study.handing_in  a finished notebook on its way to the group
"""

__all__: list[str] = []
