"""A plan is written whole, and read back as it was."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from traitlets.config import Config

from grader.configuration import load_course
from grader.errors import HubError
from grader.hub.configure import ADMIN_PASSWORD, USER_PASSWORD, configure
from grader.hub.plan import HubPlan, read_plan, write_plan
from grader.hub.proxy import proxy_command
from grader.hub.settings import ROLES, settings_folder, write_settings
from grader.hub.trial import trial_plan

SAMPLE = Path(__file__).resolve().parents[1] / "data" / "course"


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    from dataclasses import replace

    made = trial_plan(load_course(SAMPLE))
    folders = replace(made.folders, edition=tmp_path / "edition", state=tmp_path / "state")
    return replace(made, folders=folders)


def test_a_plan_is_read_back_as_it_was(plan: HubPlan, tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    write_plan(plan, path)
    assert read_plan(path) == plan
    assert path.stat().st_mode & 0o777 == 0o644
    assert [each.name for each in tmp_path.iterdir()] == ["hub.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"people": 1}', '{"folders": {"x": 1}}'])
def test_a_file_that_is_no_plan_is_one_message(tmp_path: Path, text: str) -> None:
    path = tmp_path / "hub.json"
    path.write_text(text)
    with pytest.raises(HubError, match="is no plan of a hub"):
        read_plan(path)


def test_a_missing_plan_is_one_message(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="cannot be read"):
        read_plan(tmp_path / "none.json")


def test_each_role_has_the_extensions_that_it_needs(plan: HubPlan) -> None:
    write_settings(plan)
    loaded = {}
    for role in ROLES:
        text = (settings_folder(plan, role) / "jupyter_server_config.json").read_text()
        extensions = json.loads(text)["ServerApp"]["jpserver_extensions"]
        loaded[role] = {name.rpartition(".")[2] for name, on in extensions.items() if on}
    assert loaded == {
        "learner": {"assignment_list", "validate_assignment"},
        "instructor": {"assignment_list", "validate_assignment", "course_list"},
        "formgrader": {"formgrader", "validate_assignment"},
    }


def test_what_people_see_is_on_this_machine_alone(
    plan: HubPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = _configured(plan, monkeypatch)
    urls = [c.JupyterHub.bind_url, c.JupyterHub.hub_bind_url, c.ConfigurableHTTPProxy.api_url]
    urls += [service["url"] for service in c.JupyterHub.services]
    assert len(urls) == 5
    assert all(url.startswith("http://127.0.0.1:") for url in urls)


def test_a_service_gets_nothing_of_the_passwords(
    plan: HubPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    c = _configured(plan, monkeypatch)
    told = json.dumps([service["environment"] for service in c.JupyterHub.services])
    assert "a-users-word" not in told
    assert not set(c.Spawner.env_keep) & {USER_PASSWORD, ADMIN_PASSWORD}


def test_instructors_arrive_at_the_formgrader_and_learners_at_their_server(
    plan: HubPlan, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Handler:
        def __init__(self, name: str) -> None:
            self.current_user = type("User", (), {"name": name}) if name else None

    arrival = _configured(plan, monkeypatch).JupyterHub.default_url
    assert arrival(Handler("instructor")) == "/services/sample/"
    assert [arrival(Handler("ada")), arrival(Handler(""))] == ["", ""]


def test_a_proxy_that_is_not_there_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(HubError, match="make hub"):
        proxy_command(tmp_path)


def _configured(plan: HubPlan, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv(USER_PASSWORD, "a-users-word")
    monkeypatch.setenv(ADMIN_PASSWORD, "an-admins-word" * 3)
    monkeypatch.setattr("grader.hub.configure.proxy_command", lambda _: ["proxy"])
    c = Config()
    configure(c, plan)
    return c
