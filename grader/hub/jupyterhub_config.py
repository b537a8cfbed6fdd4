"""Read by JupyterHub; all of it is made from the plan that SATURDAYS_HUB names."""

# ruff: noqa: F821 - get_config is put into scope by traitlets
import os
from pathlib import Path

from grader.hub.configure import configure
from grader.hub.plan import PLAN_VARIABLE, read_plan

configure(get_config(), read_plan(Path(os.environ[PLAN_VARIABLE])))  # type: ignore[name-defined]
