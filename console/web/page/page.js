// The token is behind the # of the link: it goes into the session's address and nowhere else.
"use strict";
const token = window.location.hash.slice(1);
const terminal = document.querySelector("#terminal");
terminal.dataset.sessionWebsocketUrl = `ws://${window.location.host}/session/${encodeURIComponent(token)}`;
window.addEventListener("load", () => document.querySelector(".xterm-helper-textarea")?.focus());
window.addEventListener("hashchange", () => window.location.reload());
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && document.body.classList.contains("-closed")) window.location.reload();
}, true);
