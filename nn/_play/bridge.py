"""The link between a page in a notebook and its model, by anywidget; the widget is never displayed."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

from nn._core.types import Json

Numbers = Sequence[float]


def obstacle() -> str:
    """Return why a page cannot be linked with this Python, or nothing if it can."""
    try:
        from IPython import get_ipython
    except ImportError:
        return "there is no notebook: this is not IPython"
    shell = get_ipython()
    if getattr(shell, "kernel", None) is None:
        return "there is no notebook: the page has no kernel to talk to"
    try:
        import anywidget  # noqa: F401
    except ImportError:
        return 'anywidget is not installed: pip install "glassgrad[notebook]", then restart the kernel'
    return ""


def cell() -> tuple[str, str]:
    """Return the names of the cell that runs and of its run; of a notebook that does not tell, nothing."""
    from IPython import get_ipython

    parent = get_ipython().get_parent()
    return str(parent.get("metadata", {}).get("cellId", "")), str(parent.get("header", {}).get("msg_id", ""))


class Bridge:
    """The link of one displayed page: it tells of edits there, and pushes what Python has.

    `edited` is called with this bridge, the numbers, the version of Python that the page knew, and its
    epoch.
    """

    def __init__(self, view: str, network: Json, edited: Callable[[Bridge, Numbers, int, int], None]) -> None:
        self.view, self.edit, self.answered, self.open = view, 0, False, True
        self._edited = edited
        self.widget = _widget()(view=view, network=network)
        self.widget.observe(self._hear, "edited")
        self.widget.on_msg(self._answer)

    def push(self, numbers: Numbers, told: Json) -> None:
        """Send all numbers of the model, with `told` about them: version, epoch, losses, and whether a fit runs."""
        self.widget.pushed = {**told, "edit": self.edit, "parameters": struct.pack(f"<{len(numbers)}d", *numbers)}

    def switch(self, on: bool) -> None:
        """Say in the page whether it is linked."""
        self.widget.on = on

    def close(self) -> None:
        """End the link; the page stays as it is."""
        self.open = False
        self.widget.close()

    def _answer(self, widget: object, content: object, buffers: object) -> None:
        self.answered = True

    def _hear(self, change: Any) -> None:
        edited = change["new"]
        self.edit = int(edited["edit"])
        # The bytes arrive as a view of memory.
        packed = bytes(edited["parameters"])
        numbers = struct.unpack(f"<{len(packed) // 8}d", packed)
        self._edited(self, numbers, int(edited["known"]), int(edited["epoch"]))


@cache
def _widget() -> Any:
    """Return the class of the widgets; they need anywidget, which takes its time to import."""
    import anywidget
    import traitlets

    source = files("nn").joinpath("web", "bridge.js").read_text(encoding="utf-8")

    class Widget(anywidget.AnyWidget):  # type: ignore[misc]
        _esm = source
        view = traitlets.Unicode().tag(sync=True)
        network = traitlets.Dict().tag(sync=True)
        on = traitlets.Bool(True).tag(sync=True)
        pushed = traitlets.Dict().tag(sync=True)
        edited = traitlets.Dict().tag(sync=True)

    return Widget
