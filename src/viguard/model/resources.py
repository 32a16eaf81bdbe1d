"""Shares, reservations and limits."""

from __future__ import annotations

from viguard.model.facts import Struct


class Allocation(Struct, frozen=True, kw_only=True, tag_field="is", tag="allocation"):
    """CPU (MHz) or memory (MiB) of a guest or pool. Source: vim.ResourceAllocationInfo.

    ``limit`` is None when unlimited (-1 in the API).
    """

    reservation: int = 0
    limit: int | None = None
    shares: int = 0
    level: str = "normal"  # low, normal, high, custom
