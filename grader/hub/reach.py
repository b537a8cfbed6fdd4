"""Examine how a hub is reached: on which addresses it listens, whether it answers, its certificate.

Which addresses is read from the kernel's own tables, proc(5), and not tried: a firewall between
would hide today what its next change opens.
"""

from __future__ import annotations

import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from grader.doctor import DAY, Finding, shortened
from grader.hub.plan import HubPlan
from grader.hub.roles import CHECKS
from grader.hub.units import HUB_UNIT

__all__ = ["answers", "certificate", "listeners"]

_LISTEN = "0A"  # the state of a socket, in include/net/tcp_states.h
_LEAST_DAYS = 14
_SECONDS = 10.0


def listeners(plan: HubPlan, tables: Path = Path("/proc/net")) -> Finding:
    """Does every part of the hub listen on this machine's own address alone?"""
    ports = set(vars(plan.ports).values())
    wrong = sorted(
        f"port {port} is open on {address}"
        for name in ("tcp", "tcp6")
        for address, port in _listening(tables / name)
        if port in ports and not address.is_loopback
    )
    seen = shortened(wrong) if wrong else "on 127.0.0.1 only"
    advice = f"Something else holds that port: end it, or choose another --port. See {HUB_UNIT}."
    return Finding("listening", not wrong, "needed", seen, advice)


def answers(plan: HubPlan, get: Callable[[int, str], int | None] | None = None) -> Finding:
    """Do the hub, the formgrader and the check service answer, each through the proxy?"""
    ask = get or _status
    parts = {
        "the hub": ("/hub/health", {200}),
        "the formgrader": (f"/services/{plan.course_id}/", {200, 302, 403}),  # "log in first"
        "the check service": (f"/services/{CHECKS}/", {200, 302, 403}),
    }
    seen = {name: ask(plan.ports.public, path) for name, (path, _) in parts.items()}
    log = f"Its log: {plan.folders.state / 'hub.log'}, and journalctl -u {HUB_UNIT}"
    if all(status is None for status in seen.values()):
        what = f"the hub is not running: nothing listens on port {plan.ports.public}"
        return Finding("answers", False, "needed", what, f"systemctl start {HUB_UNIT}. {log}")
    wrong = [
        f"{name} ({seen[name]})" for name, (_, good) in parts.items() if seen[name] not in good
    ]
    what = f"no good answer from {shortened(wrong)}" if wrong else "hub, formgrader, check service"
    return Finding("answers", not wrong, "needed", what, f"systemctl restart {HUB_UNIT}. {log}")


def certificate(
    address: str,
    until: Callable[[str, int], float] | None = None,
    now: Callable[[], float] = time.time,
) -> Finding:
    """Is the address reached with a certificate that browsers take, and for how long?"""
    parts = urlsplit(address)
    host = parts.hostname or ""
    if parts.scheme != "https":
        local = host in ("127.0.0.1", "localhost")
        seen = f"none: {address} is for this machine alone" if local else f"none: {address}"
        advice = "Passwords cross the network for all to read. Set up TLS (docs/hub.md)."
        return Finding("certificate", local, "needed", seen, advice)
    try:
        left = ((until or _valid_until)(host, parts.port or 443) - now()) / DAY
    except (OSError, ValueError) as error:  # ssl's errors are OSErrors
        advice = "Browsers will refuse it too. Mend the certificate, or the web server in front."
        return Finding("certificate", False, "needed", f"{address}: {error}", advice)
    advice = "Renew it in time; then restart what holds it."
    return Finding(
        "certificate", left >= _LEAST_DAYS, "wanted", f"good for {left:.0f} more days", advice
    )


def _listening(
    table: Path,
) -> Iterator[tuple[ipaddress.IPv4Address | ipaddress.IPv6Address, int]]:
    try:
        lines = table.read_text("ascii").splitlines()[1:]
    except OSError:  # no IPv6 here
        return
    for line in lines:
        local, state = line.split()[1], line.split()[3]
        if state == _LISTEN:
            address, _, port = local.partition(":")
            yield _address(address), int(port, 16)


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """Words of four bytes, each in the order of this machine's bytes.

    Example:
        >>> _address("0100007F"), _address("00000000000000000000000001000000")
        (IPv4Address('127.0.0.1'), IPv6Address('::1'))
    """
    words = [bytes.fromhex(text[n : n + 8])[::-1] for n in range(0, len(text), 8)]
    address = ipaddress.ip_address(b"".join(words))
    mapped = getattr(address, "ipv4_mapped", None)
    return mapped or address


def _status(port: int, path: str) -> int | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _valid_until(host: str, port: int) -> float:
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, port), timeout=_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        told: dict[str, Any] = secured.getpeercert() or {}
    return float(ssl.cert_time_to_seconds(told["notAfter"]))
