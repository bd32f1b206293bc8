"""Calls that may hang in the kernel, run where they can neither stop the event loop nor the program's end."""

from __future__ import annotations

import asyncio
import threading
from typing import Callable, TypeVar

T = TypeVar("T")


async def aside(call: Callable[[], T]) -> T:
    """What the call returns or raises, from a daemon thread of its own; who stops waiting leaves it behind.

    A pool would not do: a few dead network mounts would take all its threads, and its end waits for them.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def settle(result: T) -> None:
        if not done.done():
            done.set_result(result)

    def fail(error: Exception) -> None:
        if not done.done():
            done.set_exception(error)

    def work() -> None:
        try:
            result = call()
        except Exception as error:
            _tell(loop, fail, error)
        else:
            _tell(loop, settle, result)

    threading.Thread(target=work, name="aside", daemon=True).start()
    return await done


async def settled(limit_s: float = 0.5) -> None:
    """Until no thread but this one runs, so that the process may be forked.

    What is not done by the limit hangs in the kernel, where it holds no lock of ours.
    """
    loop = asyncio.get_running_loop()
    deadline = loop.time() + limit_s
    while threading.active_count() > 1 and loop.time() < deadline:  # noqa: ASYNC110 - a thread ends without a word
        await asyncio.sleep(0.005)


def _tell(loop: asyncio.AbstractEventLoop, how: Callable[[T], None], what: T) -> None:
    try:
        loop.call_soon_threadsafe(how, what)
    except RuntimeError:
        return  # the loop closed while the call hung: nobody waits any more
