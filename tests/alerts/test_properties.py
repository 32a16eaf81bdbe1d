"""What no text may do, whatever it is."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from tests.alerts.samples import alert, event, notice
from viguard.alerts.channels.push import plain
from viguard.alerts.metrics import metrics_of
from viguard.alerts.notice import SMS_LENGTH, body, short, subject
from viguard.alerts.plain import text_of
from viguard.alerts.siem.records import nowhere, records_of
from viguard.alerts.siem.rfc5424 import frame
from viguard.alerts.status import Status

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
TEXT = st.text(max_size=300) | st.text(alphabet='"\\]\n\r\x1b;|`$<>{}= a\u202e\ud800', max_size=60)
VALUE = r'(?:[^"\\\]]|\\["\\\]])*'
MESSAGE = re.compile(
    rf'\d+ <\d+>1 [\d:TZ.-]+ [!-~]+ viguard - [a-z]+ (?:-|\[viguard@32473(?: [a-z_]+="{VALUE}")*\]) \ufeff.*'
)
SAMPLE = re.compile(r'viguard_[a-z][a-z0-9_]*(?:\{[a-z]+="(?:[^"\\\n]|\\["\\n])*"\})? [0-9.e+-]+')


def harmless(text: str) -> bool:
    """No control, direction, surrogate or unassigned character, and no separator of lines."""
    return not {unicodedata.category(c) for c in text} & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


@given(TEXT)
def test_nagios_gets_one_harmless_line(text: str) -> None:
    shown = text_of(text)
    assert shown == "" or shown.isprintable()
    assert not set(shown) & set("`$\"'\\<>&|;!")


@given(TEXT)
def test_people_get_printable_lines(text: str) -> None:
    told = notice(title=text, key=text, text=text, lines=(text,), zone=text, rule=text, steps=(text,))
    assert harmless(subject(told))
    assert len(subject(told)) <= 1200, "each of 200 characters is shown by six at most"
    assert all(map(harmless, plain(body(told)).split("\n")))
    assert short(told).isascii()
    assert short(told).isprintable()
    assert len(short(told)) <= SMS_LENGTH


@given(TEXT)
def test_a_siem_gets_frames_of_the_grammar(text: str) -> None:
    fields: dict[str, str | int] = {text: text}
    items = [
        (event(host=text, user=text, vm=text, fields=fields),),
        alert(title=text, key=text, rule=text, zones=(text,)),
    ]
    for item in items:
        (record,) = records_of(item, nowhere, NOW)
        data = frame(record)
        assert int(data.partition(b" ")[0]) == len(data.partition(b" ")[2])
        assert MESSAGE.fullmatch(data.decode())


@given(TEXT)
def test_prometheus_gets_one_line_for_each_sample(text: str) -> None:
    status = Status(written_at=NOW, started_at=NOW, consoles={text: 1}, hosts={text: NOW}, counters={text: 1})
    for line in metrics_of(status).removesuffix("\n").split("\n"):
        assert line.startswith("# ") or SAMPLE.fullmatch(line)
