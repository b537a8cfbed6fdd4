"""The systemd units of a hub: the hub itself, and a listener with TLS where one is wanted.

What is confined, and what is not, in the hub's unit. It is root's: it logs people in by PAM and
starts their servers as them. So it keeps the rights to do that, and gives up others:

- ProtectSystem, PrivateTmp, ProtectKernelModules, RestrictRealtime, LockPersonality: nobody at
  work on a hub writes to /usr or /etc, meets the files of the machine's /tmp, loads modules, or
  needs the scheduling of a device.
- not ProtectKernelTunables, ProtectKernelLogs, ProtectProc, RestrictNamespaces: the sandbox of
  grading is a user namespace with a /proc of its own, which the kernel refuses to whoever sees
  only parts of /proc.
- not RestrictSUIDSGID: the exchange's `inbound` has the set-group-ID bit.
- not NoNewPrivileges: an AppArmor profile for bubblewrap could not be entered.
- not MemoryDenyWriteExecute: PyTorch makes code as it runs.
- not ProtectHome: people's servers work in their homes.

KillMode=process lets people's servers live when the hub is restarted, and it finds them again.
To end them too: systemctl kill saturdays-hub.

The listener with TLS is the hub's own proxy program once more, which hands everything to the
hub on 127.0.0.1. It reads the key by a credential of systemd's and has no rights else; its own
interface, by which one could lead everybody elsewhere, is a socket that nobody else may open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from grader.hub.plan import PLAN_FILE, HubPlan
from grader.hub.proxy import proxy_command
from grader.hub.steps import Step

__all__ = ["HUB_UNIT", "TLS_UNIT", "Tls", "hub_unit", "tls_unit", "unit_step"]

HUB_UNIT = "saturdays-hub.service"
TLS_UNIT = "saturdays-tls.service"

_HUB = """\
# Written by: grader hub install
[Unit]
Description=JupyterHub of the course {course}
After=network.target

[Service]
Type=exec
ExecStart={environment}/bin/grader hub start --plan {plan}
WorkingDirectory={state}
KillMode=process
TimeoutStopSec=45
Restart=on-failure
RestartSec=5
LimitNOFILE=65536
TasksMax=infinity
ProtectSystem=full
PrivateTmp=yes
ProtectKernelModules=yes
RestrictRealtime=yes
LockPersonality=yes

[Install]
WantedBy=multi-user.target
"""

_TLS = """\
# Written by: grader hub install
[Unit]
Description=TLS for the JupyterHub of the course {course}
After=network.target {hub}

[Service]
Type=exec
ExecStart={proxy} --ip= --port={port} --api-socket=%t/saturdays-tls/api \\
    --ssl-key=${{CREDENTIALS_DIRECTORY}}/key --ssl-cert=${{CREDENTIALS_DIRECTORY}}/certificate \\
    --default-target=http://127.0.0.1:{public}
LoadCredential=key:{key}
LoadCredential=certificate:{certificate}
DynamicUser=yes
RuntimeDirectory=saturdays-tls
RuntimeDirectoryMode=0700
AmbientCapabilities=CAP_NET_BIND_SERVICE
CapabilityBoundingSet=CAP_NET_BIND_SERVICE
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateDevices=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
Restart=on-failure

[Install]
WantedBy=multi-user.target
"""


@dataclass(frozen=True)
class Tls:
    """The group's own certificate, and where to listen with it."""

    key: Path
    certificate: Path
    port: int = 443


def hub_unit(plan: HubPlan) -> str:
    """The text of the hub's unit."""
    return _HUB.format(
        course=plan.course_id,
        environment=plan.folders.environment,
        plan=plan.folders.state / PLAN_FILE,
        state=plan.folders.state,
    )


def tls_unit(plan: HubPlan, tls: Tls) -> str:
    """The text of the unit of the listener with TLS."""
    return _TLS.format(
        course=plan.course_id,
        hub=HUB_UNIT,
        proxy=" ".join(proxy_command(plan.folders.environment)),
        port=tls.port,
        public=plan.ports.public,
        key=tls.key,
        certificate=tls.certificate,
    )


def unit_step(path: Path, text: Callable[[], str], reload: Callable[[], object]) -> Iterator[Step]:
    """The unit's file; `text` is asked for when the environment is there."""

    def is_due() -> bool:
        return not path.exists() or path.read_text("utf-8") != text()

    def write() -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text(), "utf-8")
        path.chmod(0o644)
        reload()

    yield Step(f"unit {path}", is_due, write)
