"""Who is silent, over a restart too."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from viguard.logs.detect.silence import Silence

AT = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def minutes(number: float) -> datetime:
    return AT + timedelta(minutes=number)


def usual() -> Silence:
    """esx1 sends a line a minute, until 10:05; esx2 has sent one."""
    silence = Silence()
    for minute in range(6):
        silence.heard("esx1", minutes(minute))
    silence.heard("esx2", minutes(5))
    return silence


def restarted(before: Silence, at: datetime, quiet: tuple[str, ...] = ()) -> Silence:
    silence = Silence()
    silence.restore(before.watched(), {"esx1": minutes(5), "esx2": minutes(5)}, quiet, at)
    return silence


def told(silence: Silence, now: datetime) -> list[tuple[str, str | int]]:
    return [(event.host, event.fields["last_seen"]) for event in silence.tick(now)]


def test_a_host_that_died_during_a_restart_is_missed() -> None:
    silence = restarted(usual(), minutes(8))
    assert told(silence, minutes(18)) == []
    assert told(silence, minutes(18.1)) == [("esx1", minutes(5).isoformat())]


def test_an_hour_without_a_log_server_makes_nobody_silent() -> None:
    silence = restarted(usual(), minutes(65))
    assert told(silence, minutes(65)) == []
    assert silence.heard("esx1", minutes(66)) == []
    silence.heard("esx1", minutes(67))
    assert told(silence, minutes(76)) == []
    assert told(silence, minutes(78)) == [("esx1", minutes(67).isoformat())], "the hour is none of its usual gaps"


def test_who_was_silent_before_a_restart_is_back_after_it() -> None:
    silence = restarted(usual(), minutes(20), quiet=("esx1", "esx3"))
    assert told(silence, minutes(90)) == [], "people know already"
    for host in ("esx1", "esx3"):
        (back,) = silence.heard(host, minutes(91))
        assert (back.host, back.fields["state"]) == (host, "resolved")


def test_who_was_missed_once_and_never_came_back_is_not_missed_by_every_run() -> None:
    silence = usual()
    assert [event.host for event in silence.tick(minutes(30))] == ["esx1"]
    assert told(restarted(silence, minutes(40)), minutes(90)) == []
