"""On which addresses a hub listens, whether it answers, and how long its certificate is good."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import pytest

from grader.doctor import DAY
from grader.hub.plan import HubPlan, Ports
from grader.hub.reach import answers, certificate, listeners

from .machine import plan_in

HEAD = "  sl  local_address rem_address   st\n"
LOCAL, EVERYWHERE, MAPPED = "0100007F", "00000000", "0000000000000000FFFF00000100007F"
V6_LOCAL, V6_EVERYWHERE = f"{'0' * 24}01000000", "0" * 32


@pytest.fixture
def plan(tmp_path: Path) -> HubPlan:
    return plan_in(tmp_path)


def tables(folder: Path, *sockets: tuple[str, int, str], name: str = "tcp") -> Path:
    lines = [f"   0: {where}:{port:04X} 0:0 {state} x\n" for where, port, state in sockets]
    (folder / name).write_text(HEAD + "".join(lines))
    return folder


@pytest.mark.parametrize("port", range(8000, 8005))
def test_a_part_that_all_can_reach_is_told(plan: HubPlan, tmp_path: Path, port: int) -> None:
    finding = listeners(plan, tables(tmp_path, (EVERYWHERE, port, "0A")))
    assert not finding.holds
    assert finding.detail == f"port {port} is open on 0.0.0.0"


def test_a_part_that_all_can_reach_by_ipv6_is_told(plan: HubPlan, tmp_path: Path) -> None:
    finding = listeners(plan, tables(tmp_path, (V6_EVERYWHERE, 8001, "0A"), name="tcp6"))
    assert finding.detail == "port 8001 is open on ::"


@pytest.mark.parametrize(
    ("where", "port", "state"),
    [
        (LOCAL, 8000, "0A"),
        (EVERYWHERE, 22, "0A"),  # not ours
        (EVERYWHERE, 8000, "01"),  # a connection, and no listener
    ],
)
def test_what_only_this_machine_reaches_is_fine(
    plan: HubPlan, tmp_path: Path, where: str, port: int, state: str
) -> None:
    assert listeners(plan, tables(tmp_path, (where, port, state))).holds


@pytest.mark.parametrize("where", [V6_LOCAL, MAPPED])
def test_this_machine_has_an_address_in_ipv6_too(plan: HubPlan, tmp_path: Path, where: str) -> None:
    assert listeners(plan, tables(tmp_path, (where, 8000, "0A"), name="tcp6")).holds


@pytest.mark.parametrize(("address", "holds"), [("127.0.0.1", True), ("0.0.0.0", False)])
def test_a_real_listener_is_seen_as_it_is(plan: HubPlan, address: str, holds: bool) -> None:
    with socket.create_server((address, 0)) as server:
        port = server.getsockname()[1]
        ports = Ports(port, 1, 2, 3, 4)
        assert listeners(replace(plan, ports=ports)).holds is holds


@pytest.mark.parametrize(
    ("hub", "formgrader", "checks", "told"),
    [
        (200, 302, 302, ""),
        (200, 302, 403, ""),
        (None, None, None, "the hub is not running: nothing listens on port 8000"),
        (503, 302, 302, "no good answer from the hub (503)"),
        (200, 503, 302, "no good answer from the formgrader (503)"),
        (200, 302, 404, "no good answer from the check service (404)"),
        (200, None, 302, "no good answer from the formgrader (None)"),
    ],
)
def test_each_part_must_answer(
    plan: HubPlan, hub: int | None, formgrader: int | None, checks: int | None, told: str
) -> None:
    statuses = {
        "/hub/health": hub,
        "/services/sample/": formgrader,
        "/services/checks/": checks,
    }
    finding = answers(plan, lambda port, path: statuses[path] if port == 8000 else None)
    assert finding.holds == (told == "")
    assert told == "" or finding.detail == told
    assert "hub.log" in finding.advice


def test_a_hub_that_is_not_there_is_told(plan: HubPlan) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    finding = answers(replace(plan, ports=Ports.beginning_at(port)))
    assert "not running" in finding.detail


NOW = 1_800_000_000.0


@pytest.mark.parametrize(("days", "holds"), [(100, True), (14, True), (13.9, False), (-1, False)])
def test_a_certificate_that_ends_soon_is_told(days: float, holds: bool) -> None:
    asked: list[tuple[str, int]] = []

    def until(host: str, port: int) -> float:
        asked.append((host, port))
        return NOW + days * DAY

    finding = certificate("https://hub.example.org", until, lambda: NOW)
    assert finding.holds is holds
    assert asked == [("hub.example.org", 443)]


def test_a_certificate_that_browsers_refuse_is_told() -> None:
    def refuse(host: str, port: int) -> float:
        raise OSError("certificate verify failed: self-signed certificate")

    finding = certificate("https://hub.example.org:8443", refuse)
    assert (finding.holds, finding.severity) == (False, "needed")
    assert "self-signed" in finding.detail


@pytest.mark.parametrize(
    ("address", "holds"),
    [("http://127.0.0.1:8000", True), ("http://localhost:8000", True), ("http://hub.lan", False)],
)
def test_without_a_certificate_a_hub_is_for_this_machine_alone(address: str, holds: bool) -> None:
    assert certificate(address).holds is holds
