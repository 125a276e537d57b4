"""What a thin call returns for arguments that take the long way."""

from __future__ import annotations

from typing import Any

MISSED: Any = object()
