"""Brazil's national holidays. Carnival and Corpus Christi are none: they are days off by custom or by city.

Sources: Lei 662/1949 and 10.607/2002, Lei 6.802/1980 (12 October), Lei 14.759/2023 (20 November), Lei 9.093/1995
(Good Friday).
"""

from datetime import date, timedelta

_FIXED = frozenset({(1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25)})
_GOOD_FRIDAY = timedelta(days=2)


def is_holiday(day: date) -> bool:
    return (day.month, day.day) in _FIXED or day == _easter(day.year) - _GOOD_FRIDAY


def _easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous algorithm of Nature, 20 April 1876)."""
    century, of_century = divmod(year, 100)
    moon = (19 * (year % 19) + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (of_century // 4) - moon - of_century % 4) % 7
    correction = (year % 19 + 11 * moon + 22 * weekday) // 451
    month, day = divmod(moon + weekday - 7 * correction + 114, 31)
    return date(year, month, day + 1)
