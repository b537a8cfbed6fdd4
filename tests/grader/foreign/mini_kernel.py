"""A kernel for tests: the language "mini" has one word a line, each a way to behave."""

import os
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any, ClassVar

from ipykernel.kernelapp import IPKernelApp
from ipykernel.kernelbase import Kernel


class Mini(Kernel):
    implementation, implementation_version, banner = "mini", "1", "mini"
    language_info: ClassVar = {"name": "mini", "mimetype": "text/plain", "file_extension": ".mini"}

    def do_execute(self, code: str, silent: bool, *_: object, **more: object) -> dict[str, Any]:
        lines = [line.strip() for line in code.splitlines()]
        for line in lines:
            if not line or line.startswith("#"):
                continue
            word, _, rest = line.partition(" ")
            reply = getattr(self, f"do_word_{word}")(rest)
            if reply is not None:
                return reply
        return {"status": "ok", "payload": [], "user_expressions": {}}

    def say(self, kind: str, **content: Any) -> None:
        self.send_response(self.iopub_socket, kind, content)

    def do_word_out(self, text: str) -> None:
        self.say("stream", name="stdout", text=text)

    def do_word_err(self, text: str) -> None:
        self.say("stream", name="stderr", text=text)

    def do_word_value(self, text: str) -> None:
        data = {"text/plain": text}
        self.say("execute_result", data=data, metadata={}, execution_count=1)

    def do_word_clear(self, _: str) -> None:
        self.say("clear_output", wait=False)

    def do_word_fail(self, text: str) -> dict[str, Any]:
        error = {"ename": "Mini", "evalue": text, "traceback": [f"\x1b[31m{text}\x1b[0m"]}
        self.say("error", **error)
        return {"status": "error", **error}

    def do_word_shown(self, text: str) -> None:
        self.say("error", ename="Mini", evalue=text, traceback=[])

    def do_word_abort(self, _: str) -> dict[str, Any]:
        return {"status": "abort"}

    def do_word_wait(self, seconds: str) -> None:
        try:
            time.sleep(float(seconds))
        except KeyboardInterrupt:
            self.do_word_out("interrupted")

    def do_word_deaf(self, seconds: str) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        time.sleep(float(seconds))

    def do_word_die(self, code: str) -> None:
        os._exit(int(code))

    def do_word_flood(self, mib: str) -> None:
        for _ in range(int(mib)):
            self.do_word_out("x" * 2**20)

    def do_word_read(self, path: str) -> None:
        """Show a file's first bytes, or why not."""
        path = path.replace("DRIVER", str(os.getppid()))
        try:
            with Path(path).open("rb") as file:
                self.do_word_out(f"read {file.read(3)!r}")
        except OSError as error:
            self.do_word_out(f"not read: {error.strerror}")

    def do_word_net(self, _: str) -> None:
        try:
            socket.create_connection(("192.0.2.1", 80), 1).close()
            self.do_word_out("reached")
        except OSError as error:
            self.do_word_out(f"not reached: {error.strerror}")


if __name__ == "__main__":
    wanted = os.environ.get("MINI_TRANSPORT")
    connection = sys.argv[sys.argv.index("-f") + 1]
    if wanted and f'"transport": "{wanted}"' not in Path(connection).read_text():
        sys.exit(f"mini speaks {wanted} only")
    IPKernelApp.launch_instance(kernel_class=Mini)
