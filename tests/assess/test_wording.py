from __future__ import annotations

from viguard.assess import controls
from viguard.assess.operators import OPERATORS
from viguard.assess.wording import _WORDS, applies, expected

CONTROLS = controls.load()


def test_profiles_that_differ() -> None:
    assert expected(CONTROLS["vm-log-rotate-size"]) == [
        (
            "report-2010",
            (
                "config.extraConfig[log.rotateSize] is between 1 and limits.log_size_bytes of the policy, else 102400"
                " (unset fails)"
            ),
        ),
        (
            "modern",
            (
                "config.extraConfig[log.rotateSize] is between 1 and limits.log_size_bytes of the policy, else 2048000"
                " (unset: 2048000)"
            ),
        ),
    ]


def test_conditions() -> None:
    assert expected(CONTROLS["host-root-lockdown"])[0] == (
        "all",
        (
            "config.lockdownMode is one of: lockdownNormal, lockdownStrict; where"
            " summary.config.product.productLineId is embeddedEsx and summary.config.product.version is 6.0 or later"
        ),
    )
    assert applies(CONTROLS["host-tls-protocols"]) == [
        "summary.config.product.productLineId is embeddedEsx",
        "summary.config.product.version is 6.5 or later",
        "summary.config.product.version is before 9.0",
    ]


def test_alternatives_and_functions() -> None:
    assert expected(CONTROLS["vm-no-passthrough"]) == [
        (
            "all",
            (
                "config.hardware.device<VirtualPCIPassthrough> is empty, or name is like one of:"
                " approved.passthrough_guests of the policy"
            ),
        ),
        (
            "all",
            (
                "config.hardware.device<VirtualSriovEthernetCard> is empty, or name is like one of:"
                " approved.passthrough_guests of the policy"
            ),
        ),
    ]
    assert expected(CONTROLS["vm-cpu-reservation-floor"]) == [("all", "computed: cpu.floor")]
    assert expected(CONTROLS["auditpoint-scope"]) == []


def test_every_operator_has_words() -> None:
    assert set(_WORDS) == set(OPERATORS)


def test_every_control_can_be_worded() -> None:
    for control in CONTROLS.values():
        for _, sentence in expected(control):
            assert "{'" not in sentence, control.id
