"""The hub on a cluster, as far as it can be looked at without one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from traitlets.config import Config

from grader.configuration import load_course
from grader.errors import HubError
from grader.hub import kubernetes
from grader.hub.kubernetes import configure, passwd_lines, uid_of
from grader.hub.plan import HubPlan, write_plan
from grader.hub.roles import groups, roles
from grader.hub.roster import Person
from grader.hub.trial import trial_plan

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "deploy" / "kubernetes"
VALUES: dict[str, Any] = yaml.safe_load((FOLDER / "values.yaml").read_text("utf-8"))
GRADER = list(yaml.safe_load_all((FOLDER / "grader.yaml").read_text("utf-8")))
DOCKERFILE = (FOLDER / "Dockerfile").read_text("utf-8")


@pytest.fixture
def plan() -> HubPlan:
    return replace(trial_plan(load_course(ROOT)), accounts=True, grader="grader")


def test_the_hubs_configuration_runs_as_values_yaml_has_it(plan: HubPlan, tmp_path: Path) -> None:
    path = tmp_path / "hub.json"
    write_plan(plan, path)
    code = VALUES["hub"]["extraConfig"]["saturdays"].replace("/srv/plan/hub.json", str(path))
    c = Config()
    c.JupyterHub.load_roles = [{"name": "the-charts-own", "scopes": []}]
    exec(code, {"c": c})
    assert c.JupyterHub.load_groups == groups(plan)
    assert c.JupyterHub.load_roles == [{"name": "the-charts-own", "scopes": []}, *roles(plan)]
    assert c.Authenticator.allowed_users == {"instructor", "ada", "bola", "chidi"}


def test_a_learners_pod_is_its_own_user_and_sees_its_part_of_the_exchange(plan: HubPlan) -> None:
    c = Config()
    c.JupyterHub.load_roles = []
    configure(c, plan)
    spawner = SimpleNamespace(
        user=SimpleNamespace(name="ada"), environment={"LANG": "C"}, volume_mounts=[{"name": "x"}]
    )
    c.Spawner.pre_spawn_hook(spawner)
    assert (spawner.uid, spawner.gid, spawner.fs_gid) == (uid_of("ada"), 100, 100)
    assert spawner.environment["JUPYTER_CONFIG_PATH"].endswith("/learner")
    assert spawner.environment["LANG"] == "C"
    told = {each["subPath"]: each["readOnly"] for each in spawner.volume_mounts[1:]}
    assert told == {"week3/outbound": True, "week3/feedback": True, "week3/inbound": False}


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_user_id_is_made_from_the_name_and_is_nobodys_else(one: str, other: str) -> None:
    assert 2**20 <= uid_of(one) < 2**31
    assert (uid_of(one) == uid_of(other)) == (one == other)


def test_two_names_with_one_id_are_refused(plan: HubPlan, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kubernetes, "uid_of", lambda name: 7)
    with pytest.raises(HubError, match="would be the same user"):
        configure(Config(), plan)


def test_the_table_of_names_is_one_of_accounts() -> None:
    (line,) = passwd_lines([Person("ada", "Ada")]).splitlines()
    name, _, uid, *_, home, shell = line.split(":")
    assert (name, int(uid), home) == ("ada", uid_of("ada"), "/home/jovyan")
    assert shell == "/usr/sbin/nologin"


def test_no_image_gets_a_solution_or_a_gradebook() -> None:
    ignored = (ROOT / ".dockerignore").read_text("utf-8").split("\n")
    kept = {line[1:] for line in ignored if line.startswith("!")}
    assert "*" in ignored
    assert kept == {"course", "grader", "pyproject.toml", "constraints.txt", "README.md", "LICENSE"}
    for line in re.findall(r"^COPY (?!--from)(.*)$", DOCKERFILE, re.M):
        assert set(line.split()[:-1]) <= kept


def test_no_stage_that_runs_ends_as_root() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.M)[1:]
    users = {
        each.split(" AS ")[1].split()[0]: re.findall(r"^USER (.*)$", each, re.M) for each in stages
    }
    assert {name: found[-1] for name, found in users.items() if name != "packages"} == {
        "learner": "1000",
        "grader": "1000",
        "hub": "1000",
    }


def test_every_base_image_has_a_version() -> None:
    bases = re.findall(r"^FROM (\S+)", DOCKERFILE, re.M)
    assert bases
    assert all(":" in base or base == "learner" for base in bases)
    assert ":latest" not in DOCKERFILE
    assert re.search(r"^ARG HUB_TAG=\d+\.\d+\.\d+$", DOCKERFILE, re.M)


def test_the_services_of_the_hub_are_those_of_the_graders_pod() -> None:
    (service,) = [each for each in GRADER if each["kind"] == "Service"]
    ports = {each["port"] for each in service["spec"]["ports"]}
    urls = {name: each["url"] for name, each in VALUES["hub"]["services"].items()}
    assert urls == {"week3": "http://grader:8082", "checks": "http://grader:8083"}
    assert {int(url.rpartition(":")[2]) for url in urls.values()} == ports
    (deployment,) = [each for each in GRADER if each["kind"] == "Deployment"]
    keys = {
        variable["valueFrom"]["secretKeyRef"]["key"]
        for container in deployment["spec"]["template"]["spec"]["containers"]
        for variable in container["env"]
        if "valueFrom" in variable
    }
    assert keys == {"hub.services.week3.apiToken", "hub.services.checks.apiToken"}


def test_only_the_proxy_reaches_the_graders_pod() -> None:
    (policy,) = [each for each in GRADER if each["kind"] == "NetworkPolicy"]
    (rule,) = policy["spec"]["ingress"]
    assert rule["from"] == [{"podSelector": {"matchLabels": {"component": "proxy"}}}]


def test_no_secret_stands_in_the_files() -> None:
    text = (FOLDER / "values.yaml").read_text("utf-8") + (FOLDER / "grader.yaml").read_text("utf-8")
    assert re.findall(r"(?i)(?:api_?token|password|secret\w*): *['\"]?\w{8,}", text) == []


def test_learners_pods_get_no_rights() -> None:
    single = VALUES["singleuser"]
    assert single["allowPrivilegeEscalation"] is False
    assert single["extraPodConfig"] == {"automountServiceAccountToken": False}
    assert single["networkPolicy"]["egressAllowRules"] == {"privateIPs": False}
    assert set(VALUES) == {"hub", "proxy", "singleuser", "cull"}
