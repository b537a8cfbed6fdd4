"""`python -m course`: the learner's command, where it is not on the path."""

from course.commands.main import app

if __name__ == "__main__":
    app(prog_name="course")
