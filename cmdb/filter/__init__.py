"""The filter grammar: one parser for the command line, the console and the selectors of services.d.

::

    class=package name~openssl version<3.0.13      all of these
    host.site=ber !text "quoted words"             text in any field, or not
    state=critical,unknown   name=web-*|db-*       any of (`,` and `|` are the same), `*` is anything
    name=~^web-\\d+$   ~wb1                         regular expression; fuzzy text
    size_bytes>10GiB   opened_at>-2h   !up=yes     units, moments (ISO or relative), negation

`=` is exact, `~` finds a part and ignores case; `!=` and `!~` also hold where there is no such field, `field=""`
only there. docs/filter.md has all of it. Pure: what time it is and what other records hold is given to `matches`.
"""

from __future__ import annotations

from cmdb.filter.error import FilterError
from cmdb.filter.filter import Filter
from cmdb.filter.grammar import parse
from cmdb.filter.order import Order, parse_sort

__all__ = ["Filter", "FilterError", "Order", "parse", "parse_sort"]
