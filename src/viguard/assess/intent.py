"""Expected values that the owner may decide: ``policy.limits.log_size_bytes``, with or without another value."""

from __future__ import annotations

from typing import Any, NamedTuple

from viguard.policy.policy import NO_POLICY, Policy

PREFIX = "policy."


class _Undecided:
    """Type of UNDECIDED."""


UNDECIDED = _Undecided()
"""The policy does not decide a value and the control has no other."""


class Expected(NamedTuple):
    """An expected value, and the dotted key of the policy that it came from (empty: from the control)."""

    value: Any
    key: str = ""


def resolve(value: Any, policy: Policy) -> Expected:
    """An expected value as a control writes it, under a policy.

    ``policy.KEY`` takes the policy's value; ``{policy: KEY, else: VALUE}`` takes VALUE where the policy is silent.
    Lists are resolved entry by entry.
    """
    if isinstance(value, str) and value.startswith(PREFIX):
        return _from_policy(value.removeprefix(PREFIX), policy, UNDECIDED)
    if isinstance(value, dict):
        return _from_policy(value["policy"], policy, value.get("else", UNDECIDED))
    if isinstance(value, list):
        found = [resolve(entry, policy) for entry in value]
        if any(e.value is UNDECIDED for e in found):
            return next(e for e in found if e.value is UNDECIDED)
        return Expected([e.value for e in found], next((e.key for e in found if e.key), ""))
    return Expected(value)


def known(key: str) -> bool:
    """Whether a dotted key is one of the policy."""
    found: Any = NO_POLICY
    for name in key.split("."):
        if not hasattr(found, name):
            return False
        found = getattr(found, name)
    return True


def _from_policy(key: str, policy: Policy, otherwise: Any) -> Expected:
    found: Any = policy
    for name in key.split("."):
        found = getattr(found, name)
    if found is not None:
        return Expected(found, key)
    return Expected(otherwise, key if otherwise is UNDECIDED else "")
