"""`watchdeck.toml` as frozen structs, read once at start-up and passed as arguments. Not services: `services.d`.

An empty or missing file is a whole configuration; a key that is not here is refused with file, line and name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import msgspec

from cmdb.model.kind import Kind
from cmdb.toml_file import convert, error_at, parse, read

Seconds = Annotated[float, msgspec.Meta(ge=0)]
Hours = Annotated[float, msgspec.Meta(ge=0)]
Days = Annotated[float, msgspec.Meta(gt=0, le=36500)]
Minutes = Annotated[int, msgspec.Meta(ge=1)]
Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Level = Annotated[int, msgspec.Meta(ge=1, le=3)]
Priority = Annotated[int, msgspec.Meta(ge=1, le=5)]
Row = tuple[Priority, Priority, Priority]


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of the file."""


class HubSection(Section, frozen=True, kw_only=True):
    """`name` is what the console's header says; empty: this machine's name.

    `metrics_port` is where OpenMetrics are served on loopback; 0: nowhere.
    """

    name: str = ""
    metrics_port: Port = 0


class AgentSection(Section, frozen=True, kw_only=True):
    """What every agent is told at its welcome. Silent for `silent_after_s`: its heartbeat check is critical."""

    scan_interval_s: Annotated[float, msgspec.Meta(ge=1)] = 300.0
    heartbeat_interval_s: Annotated[float, msgspec.Meta(ge=0.1)] = 10.0
    silent_after_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0


class CheckSection(Section, frozen=True, kw_only=True):
    """Zero leaves what the check's own definition says. A result lives for `ttl_intervals` and a grace.

    `keep_…_d` are the days that what was measured is kept by the minute, the hour and the day, and every transition.
    """

    interval_s: Seconds = 0.0
    retry_s: Seconds = 0.0
    max_attempts: Annotated[int, msgspec.Meta(ge=0, le=20)] = 0
    ttl_intervals: Annotated[float, msgspec.Meta(ge=1)] = 2.0
    ttl_grace_s: Seconds = 30.0
    keep_minutes_d: Days = 2.0
    keep_hours_d: Days = 60.0
    keep_days_d: Days = 1100.0
    keep_transitions_d: Days = 400.0


class IncidentSection(Section, frozen=True, kw_only=True):
    """`matrix[impact - 1][urgency - 1]` is the priority; the due times are minutes from opening, by priority 1 to 5."""

    open_on: tuple[Literal["warning", "critical", "unknown"], ...] = ("critical",)
    hold_down_s: Seconds = 300.0
    reopen_within_h: Hours = 24.0
    stale_acknowledgement_h: Hours = 8.0
    default_impact: Level = 2
    matrix: tuple[Row, Row, Row] = ((1, 2, 3), (2, 3, 4), (3, 4, 5))
    respond_minutes: tuple[Minutes, Minutes, Minutes, Minutes, Minutes] = (15, 30, 120, 480, 1440)
    resolve_minutes: tuple[Minutes, Minutes, Minutes, Minutes, Minutes] = (240, 480, 1440, 4320, 10080)


class OtlpSection(Section, frozen=True, kw_only=True):
    """Where metrics go (`http://collector:4318/v1/metrics`); empty: nowhere. `token_file`: a bearer token."""

    url: Annotated[str, msgspec.Meta(pattern="^(https?://.+)?$")] = ""
    every_s: Annotated[float, msgspec.Meta(ge=0.1)] = 60.0
    timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    token_file: str = ""


class SshSection(Section, frozen=True, kw_only=True):
    """The front door. `listen` empty: every address. The CAs are files of public keys whose certificates are taken."""

    listen: str = ""
    port: Port = 2222
    user_ca: tuple[str, ...] = ()
    agent_ca: tuple[str, ...] = ()
    login_timeout_s: Annotated[float, msgspec.Meta(gt=0)] = 10.0
    strangers: Annotated[int, msgspec.Meta(ge=1)] = 100
    strangers_per_source: Annotated[int, msgspec.Meta(ge=1)] = 20
    connections: Annotated[int, msgspec.Meta(ge=1)] = 12_000
    connections_per_person: Annotated[int, msgspec.Meta(ge=1)] = 20
    programs: Annotated[int, msgspec.Meta(ge=1)] = 200


class NotifySection(Section, frozen=True, kw_only=True):
    """A message that failed is sent again after this pause, then after four times as long."""

    first_pause_s: Annotated[float, msgspec.Meta(gt=0)] = 5.0


class NoticeSection(Section, frozen=True, kw_only=True):
    """`mail` is the server for stakeholders that are mail addresses (`mailto://mail.example.org/?from=hub@…`)."""

    mail: str = ""
    every_s: Annotated[float, msgspec.Meta(gt=0)] = 30.0


class WebhookSection(Section, frozen=True, kw_only=True):
    """Where other systems report: no port, no listener. The token is in `keys/webhook-token`, made at the start."""

    listen: str = "127.0.0.1"
    port: Port | None = None


class MailSection(Section, frozen=True, kw_only=True):
    """New mail opens incidents, or adds a note to the one that its subject names: of a Maildir, of an IMAP folder.

    `imap` is `imaps://USER@HOST/FOLDER` (an `@` in the user as `%40`), `imap://…` for STARTTLS; the password is in
    `password_file`; `ca_file` holds the certificate of an authority of one's own.
    """

    maildir: str = ""
    imap: Annotated[str, msgspec.Meta(pattern=r"^(imaps?://[^@/\s]+@[^@/\s]+(/\S*)?)?$")] = ""
    password_file: str = ""
    ca_file: str = ""
    look_every_s: Annotated[float, msgspec.Meta(ge=0.01)] = 10.0


class RetentionSection(Section, frozen=True, kw_only=True):
    """How far back the past of a kind of record (of a class of CI) is kept, and how far back every version of it.

    One of `[[retention]]`; what it leaves out is as by default (`cmdb.store.retention`).
    """

    kind: Kind
    class_: str = msgspec.field(name="class", default="")
    keep_d: Days | Literal["forever"] | None = None
    exact_d: Days | None = None

    def __post_init__(self) -> None:
        if self.class_ and self.kind is not Kind.CI:
            raise ValueError(f"only a ci has classes, a {self.kind} has none")
        if self.keep_d is None and self.exact_d is None:
            raise ValueError("says neither keep_d nor exact_d")
        if isinstance(self.keep_d, float) and self.exact_d is not None and self.exact_d > self.keep_d:
            raise ValueError(f"exact_d = {self.exact_d:g} is longer than keep_d = {self.keep_d:g}")


class Config(Section, frozen=True, kw_only=True):
    """The whole file."""

    hub: HubSection = HubSection()
    agent: AgentSection = AgentSection()
    check: CheckSection = CheckSection()
    incident: IncidentSection = IncidentSection()
    notify: NotifySection = NotifySection()
    webhook: WebhookSection = WebhookSection()
    mail: MailSection = MailSection()
    ssh: SshSection = SshSection()
    otlp: OtlpSection = OtlpSection()
    notice: NoticeSection = NoticeSection()
    retention: tuple[RetentionSection, ...] = ()


def load_config(path: Path) -> Config:
    """The configuration in this file; the defaults where there is none. Raises `TomlError`."""
    if not path.exists():
        return Config()
    text = read(path)
    config = convert(path, text, parse(path, text), Config)
    seen: set[tuple[Kind, str]] = set()
    for n, rule in enumerate(config.retention):
        if (rule.kind, rule.class_) in seen:
            raise error_at(path, text, ("retention", n), f"is the second rule for {rule.kind} {rule.class_}".rstrip())
        seen.add((rule.kind, rule.class_))
    return config
