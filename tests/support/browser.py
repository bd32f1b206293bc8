"""A real browser for tests: headless Chromium over its DevTools protocol, and what a terminal in it was sent."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import itertools
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import aiohttp
import pyte

from tests.programs import needs

LIMIT_S = 60.0
WINDOW = (1280, 800)
# Painted pixels of what xterm.js draws its text on.
_PAINTED = """
[...document.querySelectorAll("canvas")].reduce((sum, canvas) => {
  const drawn = canvas.getContext("2d");
  if (!drawn || !canvas.width) return sum;
  const pixels = drawn.getImageData(0, 0, canvas.width, canvas.height).data;
  let painted = 0;
  for (let at = 3; at < pixels.length; at += 4) if (pixels[at]) painted += 1;
  return sum + painted;
}, 0)
"""


class Page:
    """One page: keys go in as a person's would, `screen` is what its terminal was told to show."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, session: str) -> None:
        self._socket, self._session = socket, session
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Any]] = {}
        self._terminal = pyte.Screen(80, 24)
        self._stream = pyte.ByteStream(self._terminal)
        self.asked_for: list[str] = []

    @property
    def screen(self) -> str:
        return "\n".join(line.rstrip() for line in self._terminal.display)

    async def ask(self, method: str, **parameters: Any) -> Any:
        """A DevTools command's result."""
        number = next(self._numbers)
        answer = self._answers[number] = asyncio.get_running_loop().create_future()
        await self._socket.send_json({"id": number, "method": method, "params": parameters, "sessionId": self._session})
        async with asyncio.timeout(LIMIT_S):
            return await answer

    async def listen(self) -> None:
        """Until the browser ends."""
        async for message in self._socket:
            said = json.loads(message.data)
            if (answer := self._answers.pop(said.get("id", 0), None)) is not None:
                answer.set_result(said.get("result") or said.get("error"))
            elif said.get("method") == "Network.requestWillBeSent":
                self.asked_for.append(said["params"]["request"]["url"])
            elif said.get("method") == "Network.webSocketFrameSent":
                self._sized(said["params"]["response"]["payloadData"])
            elif said.get("method") == "Network.webSocketFrameReceived":
                self._received(said["params"]["response"])

    def _sized(self, sent: str) -> None:
        kind, *rest = json.loads(sent)
        if kind == "resize":
            self._terminal.resize(rest[0]["height"], rest[0]["width"])

    def _received(self, frame: dict[str, Any]) -> None:
        if frame["opcode"] == 2:
            self._stream.feed(base64.b64decode(frame["payloadData"]))

    async def press(self, key: str, code: int = 0) -> None:
        """A key as the keyboard gives it: a letter, or a name (`Enter`) with its code."""
        text = key if len(key) == 1 else "\r" if key == "Enter" else ""
        given = {"key": key, "windowsVirtualKeyCode": code}
        await self.ask("Input.dispatchKeyEvent", type="keyDown", **given, **({"text": text} if text else {}))
        await self.ask("Input.dispatchKeyEvent", type="keyUp", **given)

    async def type(self, words: str) -> None:
        for letter in words:
            await self.press(letter)

    async def evaluate(self, script: str) -> Any:
        return (await self.ask("Runtime.evaluate", expression=script, returnByValue=True))["result"].get("value")

    async def painted_pixels(self) -> int:
        """How much of its canvases is drawn on."""
        return int(await self.evaluate(_PAINTED))

    async def picture(self) -> bytes:
        """The window as PNG."""
        return base64.b64decode((await self.ask("Page.captureScreenshot"))["data"])

    async def shows(self, *texts: str) -> str:
        """Wait until all of these are on the screen; the screen."""
        return await self.until(lambda screen: all(text in screen for text in texts), f"shows {texts}")

    async def until(self, condition: Callable[[str], bool], what: str) -> str:
        deadline = asyncio.get_running_loop().time() + LIMIT_S
        while not condition(self.screen):
            assert asyncio.get_running_loop().time() < deadline, f"not within {LIMIT_S} s: {what}\n{self.screen}"
            await asyncio.sleep(0.05)
        return self.screen


@contextlib.asynccontextmanager
async def browser_at(url: str, folder: Path) -> AsyncIterator[Page]:
    """A browser with this page open, its profile in the folder."""
    needs("chromium")
    width, height = WINDOW
    process = await asyncio.create_subprocess_exec(
        "chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
        "--disable-background-networking", "--disable-component-update", "--remote-debugging-port=0",
        f"--window-size={width},{height}", f"--user-data-dir={folder}", "about:blank",
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL,
    )  # fmt: skip
    try:
        async with aiohttp.ClientSession() as http, http.ws_connect(await _address(folder), max_msg_size=0) as socket:
            page = Page(socket, await _opened(socket))
            listening = asyncio.create_task(page.listen())
            for domain in ("Network", "Page", "Runtime"):
                await page.ask(f"{domain}.enable")
            await page.ask("Page.navigate", url=url)
            yield page
            listening.cancel()
    finally:
        process.terminate()
        await process.wait()


async def _address(folder: Path) -> str:
    """Where the browser is spoken with, as soon as it says so."""
    told = folder / "DevToolsActivePort"
    deadline = asyncio.get_running_loop().time() + LIMIT_S
    while not (told.exists() and len(told.read_text().split()) == 2):
        assert asyncio.get_running_loop().time() < deadline, f"chromium does not answer within {LIMIT_S} s"
        await asyncio.sleep(0.05)
    port, path = told.read_text().split()
    return f"ws://127.0.0.1:{port}{path}"


async def _opened(socket: aiohttp.ClientWebSocketResponse) -> str:
    """A new page's session."""
    await socket.send_json({"id": -1, "method": "Target.createTarget", "params": {"url": "about:blank"}})
    target = (await _answered(socket, -1))["targetId"]
    attached = {"targetId": target, "flatten": True}
    await socket.send_json({"id": -2, "method": "Target.attachToTarget", "params": attached})
    return str((await _answered(socket, -2))["sessionId"])


async def _answered(socket: aiohttp.ClientWebSocketResponse, number: int) -> Any:
    while (said := await socket.receive_json(timeout=LIMIT_S)).get("id") != number:
        pass
    return said["result"]
