"""What viguard promises of its speed and memory, and whether a run kept it."""

from __future__ import annotations

from collections.abc import Mapping

from bench.measure import Cost

SIZE = (500, 10_000)
"""Hosts and guests for which the bounds are meant."""


def show(medians: Mapping[str, Cost], *, size: str, binding: bool) -> int:
    """Print each bound with what was measured; 1 when one is missed at the size that they are meant for."""
    print(f"\nBounds at {size}" + ("" if binding else f" (meant for {SIZE[0]} hosts / {SIZE[1]:,} guests)"))
    missed = 0
    for what, value, bound, unit in figures(medians):
        missed += value > bound
        print(f"  {'reached' if value <= bound else 'MISSED ':8} {what}: {value:.3g}{unit} (at most {bound:g}{unit})")
    return int(binding and missed > 0)


def figures(medians: Mapping[str, Cost]) -> list[tuple[str, float, float, str]]:
    """What is bounded, the measured figure, its bound, and its unit."""
    go, pyvmomi = medians["Go govmomi"].cpu_s, medians["pyVmomi paged"].cpu_s
    cold, unchanged = medians["viguard cold"], medians["viguard unchanged"]
    return [
        ("cold collection, CPU of the Go client", cold.cpu_s / go, 0.75, " x"),
        ("cold collection, CPU of pyVmomi paged", cold.cpu_s / pyvmomi, 0.2, " x"),
        ("cold collection, peak memory", cold.memory_mb, 300, " MB"),
        ("unchanged re-collection, CPU of the Go client", unchanged.cpu_s / go, 0.1, " x"),
        ("collection to findings, CPU of the Go client", medians["viguard to findings"].cpu_s / go, 1.5, " x"),
        ("viguard --version, CPU", medians["viguard --version"].cpu_s, 0.15, " s"),
        ("assessment of the saved snapshot, CPU", medians["viguard saved audit"].cpu_s, 5, " s"),
    ]
