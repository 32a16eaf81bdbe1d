"""What a person named as sources, opened as one estate."""

from __future__ import annotations
