"""What a cell shows, recorded in order as notebook outputs, up to a number of bytes."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping
from typing import Any

__all__ = ["OutputRecorder", "TextRecorder", "recorded_again"]

_OVERHEAD = 64  # bytes that an output counts for, however little it shows


class OutputRecorder:
    """Collects the outputs of one cell; what goes over the limit is dropped and said so."""

    def __init__(self, limit: int) -> None:
        self._outputs: list[dict[str, Any]] = []  # the text of a stream is a list of pieces
        self._left = limit
        self._limit = limit
        self._full = False

    @property
    def outputs(self) -> list[dict[str, Any]]:
        """What was recorded, as nbformat describes outputs."""
        return [
            out | {"text": "".join(out["text"])} if "text" in out else out for out in self._outputs
        ]

    @property
    def text(self) -> str:
        """What was written to both streams."""
        return "".join(out["text"] for out in self.outputs if "text" in out)

    def stream(self, name: str) -> TextRecorder:
        """A text file whose writes become `name` ("stdout" or "stderr") outputs."""
        return TextRecorder(self, name)

    def write(self, name: str, text: str) -> None:
        """Append text to the stream `name`."""
        if self._full or not text:
            return
        last = self._outputs[-1] if self._outputs else {}
        if last.get("name") != name:
            self._left -= _OVERHEAD
            last = {"output_type": "stream", "name": name, "text": []}
            self._outputs.append(last)
        data = text.encode("utf-8", "replace")  # half of a surrogate pair cannot be sent
        last["text"].append(data[: max(self._left, 0)].decode("utf-8", "ignore"))
        self._left -= len(data)
        if self._left < 0:
            self._cut()

    def show(self, kind: str, data: Mapping[str, Any]) -> None:
        """Append rich data as `kind`: "display_data" or "execute_result"."""
        if self._full:
            return
        plain = {
            _text(key): _text(value)
            for key, value in data.items()
            if isinstance(key, str) and isinstance(value, str | bytes)
        }
        self._left -= _OVERHEAD + sum(len(k.encode()) + len(v.encode()) for k, v in plain.items())
        if self._left < 0:
            self._cut()
            return
        output: dict[str, Any] = {"output_type": kind, "data": plain, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self._outputs.append(output)

    def _cut(self) -> None:
        self._full = True
        note = f"\n[output cut here: a cell may show {self._limit // 1024} KiB]\n"
        self._outputs.append({"output_type": "stream", "name": "stdout", "text": [note]})


def recorded_again(outputs: object, limit: int) -> tuple[dict[str, Any], ...]:
    """What another process says it recorded, believed only in its form, and limited anew."""
    recorder = OutputRecorder(limit)
    for output in outputs if type(outputs) is list else ():
        said = output if type(output) is dict else {}
        kind, name, text, data = (said.get(key) for key in ("output_type", "name", "text", "data"))
        if type(kind) is not str:
            continue
        if kind == "stream" and type(text) is str:
            recorder.write("stderr" if type(name) is str and name == "stderr" else "stdout", text)
        elif kind in ("display_data", "execute_result") and type(data) is dict:
            recorder.show(kind, {k: v for k, v in data.items() if type(k) is type(v) is str})
    return tuple(recorder.outputs)


def _text(value: str | bytes) -> str:
    # nbformat holds pictures in base64
    data = base64.b64encode(value) if isinstance(value, bytes) else value.encode("utf-8", "replace")
    return data.decode()


class TextRecorder(io.TextIOBase):
    """The writable text file behind `sys.stdout` while a cell runs."""

    encoding = "UTF-8"

    def __init__(self, recorder: OutputRecorder, name: str) -> None:
        super().__init__()
        self._recorder = recorder
        self._name = name

    def writable(self) -> bool:
        """Text files in notebooks only write."""
        return True

    def write(self, text: str) -> int:
        """Record `text`."""
        if not isinstance(text, str):
            raise TypeError(f"write() argument must be str, not {type(text).__name__}")
        self._recorder.write(self._name, str(text))
        return len(text)
