"""The hub's verbs: every module that has some is in the table."""

from __future__ import annotations

import importlib
import pkgutil

from cmdb.hub import api
from cmdb.hub.api.table import VERBS


def test_no_verb_is_left_out_of_the_table() -> None:
    modules = [importlib.import_module(f"{api.__name__}.{found.name}") for found in pkgutil.iter_modules(api.__path__)]
    written = {name for module in modules for name in getattr(module, "VERBS", {})}
    assert written == VERBS.keys()
