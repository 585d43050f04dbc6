"""HTTP-dates: three forms, and nothing else."""

from __future__ import annotations

from datetime import datetime, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from authproblem._upstream.http_date import parse_http_date
from tests.support.dates import moments


class TestHttpDate:
    @given(moments(1000, 9999))
    def test_reads_imf_fixdate(self, moment: datetime) -> None:
        """The form that senders have to use."""
        assert parse_http_date(format_datetime(moment, usegmt=True)) == moment.timestamp()

    @given(moments(1990, 2060))
    def test_reads_the_two_old_forms(self, moment: datetime) -> None:
        """RFC 850 with a year of two digits, and C's asctime."""
        rfc850 = moment.strftime("%A, %d-%b-%y %H:%M:%S GMT")
        asctime = moment.strftime("%a %b ") + f"{moment.day:2} " + moment.strftime("%H:%M:%S %Y")

        assert [parse_http_date(rfc850), parse_http_date(asctime)] == [moment.timestamp()] * 2

    def test_a_year_of_two_digits_is_at_most_fifty_years_ahead(self) -> None:
        """RFC 9110 section 5.6.7."""
        this = datetime.now(timezone.utc).year
        years = [parse_http_date(f"Sunday, 06-Nov-{year % 100:02} 08:49:37 GMT") for year in (this + 50, this + 51)]

        assert [datetime.fromtimestamp(y or 0, timezone.utc).year for y in years] == [this + 50, this + 51 - 100]

    def test_reads_a_leap_second(self) -> None:
        """Second 60 is allowed; the minute's last one stands for it."""
        last = datetime(2016, 12, 31, 23, 59, 59, tzinfo=timezone.utc)

        assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT") == last.timestamp()

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Abc 1994 08:49:37 GMT",
            "Sun, 00 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 24:00:00 GMT",
            "Sun, 06 Nov 0000 08:49:37 GMT",
            "1994-11-06T08:49:37Z",
            "Sun, \u0660\u0666 Nov 1994 08:49:37 GMT",
            "06 Nov 1994 08:49:37 GMT\n",
            "Sun, 06 Nov 1994 08:49:37 GMT and more",
        ],
    )
    def test_refuses_anything_else(self, value: str) -> None:
        """A date that is guessed is a wait that is made up."""
        assert parse_http_date(value) is None

    @given(st.text(max_size=40))
    def test_never_raises(self, value: str) -> None:
        """Header values are foreign."""
        assert parse_http_date(value) is None or type(parse_http_date(value)) is float
