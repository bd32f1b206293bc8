"""Databases of this host: engine, version, where the data lies, and their names and sizes where we are let in.

PostgreSQL is asked by `psql` as its own user (root only), Redis over its socket without a password; nothing else is
logged into. What refuses is still listed, by its process.
"""

from __future__ import annotations

import pwd
import re
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from agent.discovery.collector import Look
from agent.discovery.programs import Program
from agent.discovery.sniff import reachable
from agent.discovery.source import CommandFailed, CommandTooSlow, Unsupported, read_line, run
from agent.wire import Item

_ENGINES = {
    "postgres": "postgresql", "mysqld": "mysql", "mariadbd": "mariadb", "redis-server": "redis",
    "redis-check-rdb": "redis", "valkey-server": "valkey", "mongod": "mongodb", "clickhouse-server": "clickhouse",
    "influxd": "influxdb", "memcached": "memcached", "etcd": "etcd", "cockroach": "cockroachdb", "couchdb": "couchdb",
}  # fmt: skip
_DATA_OPTION = re.compile(r"^(?:--(?:datadir|dbpath|data-dir)=?)(.*)$")
_QUERY = (
    "select current_setting('server_version'), d.datname, pg_database_size(d.oid), current_setting('data_directory')"
    " from pg_database d where d.datallowconn and not d.datistemplate order by 2"
)


def engine_of(program: Program) -> str:
    """The database engine that a program is, empty for none."""
    main = program.main
    names = [(main.exe or "").rpartition("/")[2], (main.command[0] if main.command else "").rpartition("/")[2]]
    return next((_ENGINES[name] for name in names if name in _ENGINES), "")


def data_directory(command: Iterable[str]) -> str:
    """Where a server was told to keep its data; empty where its configuration says it."""
    previous = ""
    for word in command:
        if previous in ("-D", "--datadir", "--dbpath", "--data-dir"):
            return word
        found = _DATA_OPTION.match(word)
        if found and found.group(1):
            return found.group(1)
        previous = word
    return ""


def parse_psql(text: str) -> tuple[str, dict[str, int], str]:
    """Version, bytes by database, and data directory from `_QUERY`."""
    version = directory = ""
    sizes = {}
    for line in text.splitlines():
        fields = line.split("|")
        if len(fields) == 4 and fields[2].isdigit():
            version, directory = fields[0].partition(" ")[0], fields[3]
            sizes[fields[1]] = int(fields[2])
    return version, sizes, directory


def parse_redis_info(text: str) -> dict[str, Any]:
    """Redis's INFO: version, role, memory and the keys of each database."""
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line and not line.startswith("#"))
    keyspaces = {name: value for name, value in fields.items() if re.fullmatch(r"db\d+", name)}
    return {
        "version": fields.get("redis_version", ""),
        "role": fields.get("role", ""),
        "databases": sorted(keyspaces),
        "used_bytes": int(fields.get("used_memory", "0") or 0),
        "keys": sum(
            int(part[5:]) for value in keyspaces.values() for part in value.split(",") if part.startswith("keys=")
        ),
    }


def database_item(program: Program, engine: str, port: int, told: dict[str, Any]) -> Item:
    """The item of a database server; `told` is what it let us know."""
    measured = ("size_bytes", "used_bytes", "keys", "sizes")
    attributes = {
        "engine": engine,
        "port": port,
        "software": program.key,
        "data_directory": data_directory(program.main.command),
        **{name: value for name, value in told.items() if name not in measured},
    }
    return Item(
        class_="database",
        key=f"{engine}:{port}" if port else f"{engine}@{program.key}",
        name=f"{engine} {port}" if port else engine,
        attributes={name: value for name, value in attributes.items() if value},
        metrics={name: value for name, value in told.items() if name in measured},
        relations=(("part_of", "host", "host"), ("runs_on", "software", program.key)),
    )


def collect_databases(look: Look) -> Iterable[Item]:
    """All database servers among the running programs of the host itself."""
    found = [(program, engine_of(program)) for program in look.shared.programs.programs if program.kind != "container"]
    databases = [(program, engine) for program, engine in found if engine]
    if not databases:
        raise Unsupported("no database server runs here")
    return [_item(look, program, engine) for program, engine in databases]


def _item(look: Look, program: Program, engine: str) -> Item:
    listening = sorted(
        (held.port, held.address) for held in program.sockets if held.is_listening and held.protocol == "tcp"
    )
    port, address = listening[0] if listening else (0, "")
    told: dict[str, Any] = {}
    try:
        told = _told(look, program, engine, port, address)
    except (TimeoutError, socket.timeout, CommandTooSlow) as error:
        look.missed.append(f"what {engine} {port or ''} tells ({error})")  # what it told before still holds
    except (OSError, CommandFailed, Unsupported, KeyError, ValueError) as error:
        look.notes.append(f"{engine} {port or ''} tells no more ({error})")
    return database_item(program, engine, port, told)


def _told(look: Look, program: Program, engine: str, port: int, address: str) -> dict[str, Any]:
    if engine == "postgresql":
        return _ask_postgresql(look, program, port)
    if engine in ("redis", "valkey") and port:
        return parse_redis_info(ask_redis(port, reachable(address)))
    return {}


def _ask_postgresql(look: Look, program: Program, port: int) -> dict[str, Any]:
    if not look.privileged:
        raise CommandFailed("only root may become its user")
    version = read_line(data_directory(program.main.command) + "/PG_VERSION")
    user = pwd.getpwuid(program.main.uid).pw_name
    argv = ("runuser", "-u", user, "--", "psql", "-XAtw", "-d", "postgres", *_at(port), "-c", _QUERY)
    told, sizes, directory = parse_psql(run(argv, look.limits.command_s))
    return {
        "version": told or version,
        "data_directory": directory or data_directory(program.main.command),
        "databases": sorted(sizes),
        "size_bytes": sum(sizes.values()),
        "sizes": sizes,
    }


def _at(port: int) -> Iterator[str]:
    if port:
        yield from ("-p", str(port))


def ask_redis(port: int, address: str, timeout_s: float = 1.0) -> str:
    """Redis's answer to INFO. Raises CommandFailed where it wants a password, OSError where it is not there."""
    with socket.create_connection((address, port), timeout=timeout_s) as connection:
        connection.sendall(b"INFO\r\n")
        answer = bytearray(connection.recv(65536))
        length = _bulk_length(bytes(answer))
        while len(answer) < length and (chunk := connection.recv(65536)):
            answer += chunk
    return bytes(answer).partition(b"\r\n")[2].decode("utf-8", "replace")


def _bulk_length(answer: bytes) -> int:
    head = answer.partition(b"\r\n")[0]
    if not head.startswith(b"$") or not head[1:].isdigit():
        raise CommandFailed(f"it answered {head[:60].decode('latin-1')}")
    return min(len(head) + 2 + int(head[1:]), 1 << 20)
