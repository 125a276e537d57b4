"""What tests of commands share."""

from __future__ import annotations

from itertools import count

import pytest


@pytest.fixture
def undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pictures of runs are made but not drawn, which takes most of the time of a short training."""
    number = count()
    monkeypatch.setattr("nn._command.runs.png", lambda figure: b"picture %d" % next(number))
