"""A web server, an application and a PostgreSQL on three real hosts: agents find who depends on whom, and how far."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from cmdb.config import AgentSection, Config
from cmdb.hub.client import HubClient
from cmdb.model.kind import Kind
from tests.hosts.fleet import GATEWAY, Fleet, TestHost, fleet
from tests.support.agents import ROOT
from tests.support.hub import client_of, until
from tests.support.ssh import Site, site_at
from tests.waiting import wait_for

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600), pytest.mark.xdist_group("hosts")]

# A web application with a lasting session at its database (PostgreSQL's startup message; the server trusts it).
_APPLICATION = """
import http.server, socket, socketserver, struct
database = socket.create_connection(("198.51.100.13", 5432))
startup = struct.pack("!i", 196608) + b"user\\0postgres\\0\\0"
database.sendall(struct.pack("!i", len(startup) + 4) + startup)
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")
class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
Server(("0.0.0.0", 8000), Handler).serve_forever()
"""
_SITE = """
upstream app { server 198.51.100.12:8000; keepalive 4; }
server { listen 80; location / { proxy_pass http://app; proxy_http_version 1.1; proxy_set_header Connection ""; } }
"""
_ASK = "python3 -c \"import urllib.request as u; print(u.urlopen('http://127.0.0.1/', timeout=10).read().decode())\""


@pytest.fixture(scope="module")
def shop() -> Iterator[Fleet]:
    """web asks app asks db."""
    with fleet() as made:
        web, app = made.boot("web", 11), made.boot("app", 12)
        db = made.boot("db", 13, packages=("postgresql",))
        _serve(web, app, db)
        yield made


def _serve(web: TestHost, app: TestHost, db: TestHost) -> None:
    db.run(
        "cd /etc/postgresql/15/main; echo \"listen_addresses = '*'\" >>postgresql.conf;"
        " echo 'host all all 198.51.100.0/24 trust' >>pg_hba.conf; systemctl restart postgresql@15-main"
    )
    app.run(f"cat >/srv/app.py <<'END'\n{_APPLICATION}\nEND\nsystemd-run --unit=shop python3 /srv/app.py")
    wait_for("the application", lambda: ":8000" in app.run("ss -ltn"))
    web.run(f"cat >/etc/nginx/sites-enabled/default <<'END'\n{_SITE}\nEND\nsystemctl restart nginx")
    assert web.run(_ASK).strip() == "ok"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async with site_at(tmp_path, config=Config(agent=AgentSection(scan_interval_s=5))) as site:
        yield site


async def _deploy(site: Site, hosts: Fleet, folder: Path) -> None:
    names = {host.name: host.address for host in hosts.hosts}
    (folder / "ssh_config").write_text(
        "".join(
            f"Host {name}\n  HostName {address}\n  User root\n  IdentityFile {hosts.key}\n"
            for name, address in names.items()
        )
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "console.main", "agent", "deploy", *names, "--json", "--accept-new", "--map-dependencies",
        "--ssh-config", str(folder / "ssh_config"), "--known-hosts", str(folder / "known_hosts"),
        "--state", str(site.hub.locations.state), "--hub", f"ssh://{GATEWAY}:{site.port}",
        cwd=ROOT, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    out, err = await asyncio.wait_for(process.communicate(), 200)
    assert process.returncode == 0, out.decode() + err.decode()
    assert len(json.loads(out)) == len(names)


async def _reached(client: HubClient, ci: str) -> set[tuple[str, str]]:
    answer = await client.call("ci.impact", id=ci)
    return {(node["class"], node["name"]) for node in answer["nodes"]}


async def test_trouble_of_the_database_reaches_the_web_server(site: Site, shop: Fleet, tmp_path: Path) -> None:
    await _deploy(site, shop, tmp_path)
    store = site.hub.store

    async def is_found() -> bool:
        return len(await store.find(Kind.CI, {"class": "database"})) == 1

    await until(is_found, what="the database on record", limit_s=60)
    (database,) = [one["id"] for one in await store.find(Kind.CI, {"class": "database"})]
    async with await client_of(site.hub) as client:

        async def reaches_all() -> bool:
            return {("software", "shop"), ("software", "nginx")} <= await _reached(client, database)

        await until(reaches_all, what="impact of the database on the application and the web server", limit_s=60)
    # Nobody but the hub, which has no agent in this test, is from outside.
    externals = await store.find(Kind.CI, {"class": "external", "status": "in_use"})
    assert {one["attributes"]["address"] for one in externals} <= {GATEWAY}
