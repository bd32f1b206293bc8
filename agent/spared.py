"""What libraries load though a resident agent asks nothing of it: put off until somebody does.

asyncio loads `inspect` (with `ast`, `dis`, `tokenize`) and OpenSSL, pathlib `ipaddress`, msgspec its descriptions of
types: a fourth of the agent's memory, for debugging or for what no agent does.
"""

from __future__ import annotations

import gc
import importlib
import sys
from types import ModuleType
from typing import Any

PUT_OFF = ("inspect", "ipaddress", "msgspec.inspect", "msgspec.json", "msgspec.toml", "msgspec.yaml")


def put_off(names: tuple[str, ...] = PUT_OFF) -> None:
    """Let these be loaded when something is asked of them; those of `LazyLoader` are at a second `import` already."""
    for name in names:
        sys.modules.setdefault(name, _Later(name))
    # Where it is installed, msgspec loads it, for a mistake of TypedDict that concerns nothing here.
    sys.modules.setdefault("typing_extensions", None)  # type: ignore[arg-type]


def load_asyncio_without_tls() -> None:
    """asyncio can do without `ssl`, which probes load when they need it: they do their own TLS."""
    if "ssl" not in sys.modules:
        sys.modules["ssl"] = None  # type: ignore[assignment]
        importlib.import_module("asyncio")
        del sys.modules["ssl"]


def forget(*names: str) -> None:
    """Give back what these modules hold, as nobody needs them any more."""
    for name in names:
        sys.modules.pop(name, None)
        package, _, module = name.rpartition(".")
        if package in sys.modules:
            vars(sys.modules[package]).pop(module, None)
    gc.collect()


class _Later(ModuleType):
    """Stands for a module until something is asked of it."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # what the import system asks of any module
            raise AttributeError(name)
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        module = importlib.import_module(self.__name__)
        self.__dict__.update(vars(module))
        return getattr(module, name)
