"""What a cell shows, recorded in order as notebook outputs, up to a number of bytes."""

from __future__ import annotations

import io
from typing import Any

__all__ = ["OutputRecorder", "TextRecorder"]


class OutputRecorder:
    """Collects the outputs of one cell; what goes over the limit is dropped and said so."""

    def __init__(self, limit: int) -> None:
        self.outputs: list[dict[str, Any]] = []
        self._left = limit
        self._limit = limit
        self._full = False

    def stream(self, name: str) -> TextRecorder:
        """A text file whose writes become `name` ("stdout" or "stderr") outputs."""
        return TextRecorder(self, name)

    def write(self, name: str, text: str) -> None:
        """Append text to the stream `name`."""
        text = self._fitting(text)
        if not text:
            return
        last = self.outputs[-1] if self.outputs else {}
        if last.get("output_type") == "stream" and last["name"] == name:
            last["text"] += text
        else:
            self.outputs.append({"output_type": "stream", "name": name, "text": text})

    def show(self, kind: str, data: dict[str, Any], metadata: dict[str, Any]) -> None:
        """Append rich data as `kind`: "display_data" or "execute_result"."""
        size = sum(len(str(value)) for value in data.values())
        if self._full or size > self._left:
            self._cut()
            return
        self._left -= size
        plain = {str(key): value for key, value in data.items() if isinstance(value, str)}
        output: dict[str, Any] = {"output_type": kind, "data": plain, "metadata": {}}
        if kind == "execute_result":
            output["execution_count"] = None
        self.outputs.append(output)

    def _fitting(self, text: str) -> str:
        if self._full:
            return ""
        size = len(text)
        if size > self._left:
            text = text[: self._left]
            self._left = 0
            self._cut(text)
            return ""
        self._left -= size
        return text

    def _cut(self, rest: str = "") -> None:
        if not self._full:
            self._full = True
            note = f"{rest}\n[output cut here: a cell may show {self._limit // 1024} KiB]\n"
            self.outputs.append({"output_type": "stream", "name": "stdout", "text": note})


class TextRecorder(io.TextIOBase):
    """The writable text file behind `sys.stdout` while a cell runs."""

    def __init__(self, recorder: OutputRecorder, name: str) -> None:
        super().__init__()
        self._recorder = recorder
        self._name = name

    def writable(self) -> bool:
        """Text files in notebooks only write."""
        return True

    def write(self, text: str) -> int:
        """Record `text`."""
        self._recorder.write(self._name, str(text))
        return len(text)
