"""Textual's driver for Linux terminals, ending when the terminal does.

Textual 8 goes on reading a terminal that has gone, at 100 % of a core, and its writer thread's death on a closed
one leaves the application waiting for ever: here both end the application.
"""

from __future__ import annotations

import os
import selectors
from codecs import getincrementaldecoder
from queue import Empty
from typing import IO, Any

from textual._xterm_parser import XTermParser
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

_READ_BYTES = 4096
_POLL_S = 0.1
_STOP_WITHIN_S = 1.0


class Writer(WriterThread):
    """Writes in the background; once the terminal is gone, to nowhere."""

    def __init__(self, file: IO[str]) -> None:
        super().__init__(file)
        self.gone = False

    def write(self, text: str) -> None:
        """Queue text; waits while the terminal is slow."""
        if not self.gone:
            self._queue.put(text)

    def run(self) -> None:
        while (text := self._queue.get()) is not None:
            try:
                self._file.write(text)
                if self._queue.empty():
                    self._file.flush()
            except (OSError, ValueError):
                self.gone = True
                self._drain()
                return

    def stop(self) -> None:
        """Write what is left; a terminal that takes nothing more is left alone."""
        if not self.gone:
            self._queue.put(None)
        self.join(_STOP_WITHIN_S)

    def _drain(self) -> None:
        """Let go whoever waits for room in the queue."""
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return


class Terminal(LinuxDriver):
    """The stock driver with an end: EOF or an error on either side exits the application."""

    def start_application_mode(self) -> None:
        """At the start, and again after the process was stopped: the alternate screen is empty then."""
        forget = getattr(self._app, "forget_frame", None)
        if forget is not None:
            forget()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    @property
    def _writer_thread(self) -> WriterThread | None:
        """The stock driver sets its own thread here: ours takes its place before it is started."""
        return self._writer

    @_writer_thread.setter
    def _writer_thread(self, stock: WriterThread | None) -> None:
        self._writer = None if stock is None or self._file is None else Writer(self._file)

    def _enable_mouse_support(self) -> None:
        """Clicks and the wheel only: reports of every movement are traffic that nobody looks at."""
        if self._mouse:
            self.write("\x1b[?1000h\x1b[?1006h")

    def _disable_mouse_support(self) -> None:
        if self._mouse:
            self.write("\x1b[?1000l\x1b[?1006l")

    def run_input_thread(self) -> None:
        """Read until told to stop, or until there is nothing more to read from."""
        try:
            self._read_keys()
        except OSError:
            self._over()

    def _read_keys(self) -> None:
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder("utf-8")(errors="replace").decode
        with selectors.DefaultSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            while not self.exit_event.is_set():
                for _ in selector.select(_POLL_S):
                    read = os.read(self.fileno, _READ_BYTES)
                    if not read:
                        self._over()
                        return
                    self._pass_on(parser.feed(decode(read)))
                self._pass_on(parser.tick())

    def _pass_on(self, messages: Any) -> None:
        for message in messages:
            self.process_message(message)

    def _over(self) -> None:
        self._app.call_later(self._app.exit)
