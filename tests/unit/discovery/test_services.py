"""What services say of themselves: databases, certificates, clouds, accounts."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator

import msgspec
import pytest

from agent.discovery import database
from agent.discovery import instance as metadata
from agent.discovery.account import account_items
from agent.discovery.certificate import DIRECTIVES, first_certificate, named_files
from agent.discovery.collector import Look, Shared
from agent.discovery.database import data_directory, database_item, engine_of, parse_psql, parse_redis_info
from agent.discovery.instance import Instance, hinted_provider
from agent.discovery.processes import Process
from agent.discovery.programs import Program, Programs
from agent.discovery.sniff import protocol_of
from agent.discovery.sockets import LISTEN, Socket
from agent.discovery.source import CommandFailed
from checks.x509 import NotDer
from tests.unit.discovery.recorded import recorded


def test_accounts_with_their_groups() -> None:
    items = {
        item.key: item
        for item in account_items(recorded("account/debian-12-passwd.txt"), recorded("account/debian-12-group.txt"))
    }
    assert items["postgres"].attributes["groups"] == ["postgres", "ssl-cert"]
    assert items["root"].attributes["login"]
    assert not items["daemon"].attributes["login"]


def test_broken_lines_of_passwd_are_passed_over() -> None:
    assert [
        item.key for item in account_items("a:x:1:1::/:/bin/sh\nb:x:no:1::/:/x\n\n+::::::\na:x:2:2::/:/x\n", "")
    ] == ["a"]


def test_postgresql_says_its_version_and_sizes() -> None:
    version, sizes, directory = parse_psql(recorded("database/postgresql-15-psql.txt"))
    assert (version, directory) == ("15.18", "/var/lib/postgresql/15/main")
    assert sizes == {"postgres": 7634279}


def test_redis_says_its_version_and_memory() -> None:
    told = parse_redis_info(recorded("database/redis-7-info.txt"))
    assert (told["version"], told["role"], told["databases"]) == ("7.0.15", "master", [])
    assert told["used_bytes"] > 0
    assert parse_redis_info("db0:keys=3,expires=0\r\ndb2:keys=4,expires=1\r\n")["keys"] == 7


def test_a_database_is_known_by_its_engine_and_port() -> None:
    exe = "/usr/lib/postgresql/15/bin/postgres"
    process = Process(7, 1, 7, 0, 1, "postgres", (exe, "-D", "/data"), 0, "", exe, None)
    program = Program("unit", "postgresql@15-main.service", "postgresql", [process])
    item = database_item(program, engine_of(program), 5432, {"version": "15.18", "size_bytes": 5})
    assert (item.key, item.metrics) == ("postgresql:5432", {"size_bytes": 5})
    assert item.attributes["data_directory"] == "/data"
    assert ("runs_on", "software", "postgresql@15-main.service") in item.relations
    assert data_directory(("mysqld", "--datadir=/var/lib/mysql")) == "/var/lib/mysql"


def test_certificates_named_in_a_configuration() -> None:
    directives = {user: directive for user, _, directive in DIRECTIVES}
    nginx = (
        "# ssl_certificate /no.pem;\n  ssl_certificate /etc/a.pem;\n ssl_certificate $x;\n ssl_certificate_key /k;\n"
    )
    assert named_files(nginx, directives["nginx"]) == ["/etc/a.pem"]
    assert named_files('SSLCertificateFile "/etc/b.pem"\nSSLCertificateKeyFile /k', directives["apache"]) == [
        "/etc/b.pem"
    ]
    assert named_files("bind :443 ssl crt /etc/c.pem alpn h2", directives["haproxy"]) == ["/etc/c.pem"]
    assert named_files("ssl_cert = </etc/d.pem", directives["dovecot"]) == ["/etc/d.pem"]
    assert named_files("ssl_cert_file = '/etc/e.pem'", directives["postgresql"]) == ["/etc/e.pem"]


@pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"])
def test_a_file_without_a_certificate(text: str) -> None:
    with pytest.raises(NotDer):
        first_certificate(text)


@pytest.mark.parametrize(
    ("answer", "protocol"),
    [
        (b"HTTP/1.1 200 OK\r\n", "http"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\nThe plain HTTP request was sent to HTTPS port", "https"),
        (b"-ERR unknown command", "redis"),
        (b"\x15\x03\x01\x00\x02\x02\x46", "tls"),
        (b"", None),
    ],
)
def test_protocols_by_their_first_words(answer: bytes, protocol: str | None) -> None:
    assert protocol_of(answer) == protocol


@pytest.mark.parametrize(
    ("dmi", "provider"),
    [
        ({"sys_vendor": "Amazon EC2"}, "aws"),
        ({"bios_vendor": "Xen", "bios_version": "4.11.amazon"}, "aws"),
        ({"product_name": "Google Compute Engine"}, "gcp"),
        ({"sys_vendor": "Microsoft Corporation", "chassis_asset_tag": "7783-7084-3265-9085-8269-3286-77"}, "azure"),
        ({"sys_vendor": "Microsoft Corporation"}, ""),
        ({"sys_vendor": "Hetzner"}, "hetzner"),
        ({"sys_vendor": "Dell Inc."}, ""),
        ({}, ""),
    ],
)
def test_only_a_hint_of_a_cloud_makes_us_ask(dmi: dict[str, str], provider: str) -> None:
    assert hinted_provider(dmi) == provider


@contextlib.contextmanager
def _metadata_service(answers: dict[str, bytes]) -> Iterator[tuple[tuple[str, int], list[str]]]:
    """Answers by `METHOD /path`; what is asked is kept. In the form that the providers' documentation gives."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        request = connection.recv(4096).decode()
                        asked.append(request)
                        body = answers.get(" ".join(request.split(" ")[:2]))
                        status = b"404 Not Found" if body is None else b"200 OK"
                        connection.sendall(b"HTTP/1.0 " + status + b"\r\n\r\n" + (body or b""))

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname(), asked
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10.0)


def test_an_instance_of_aws_is_asked_with_a_token() -> None:
    document = b'{"accountId": "123", "instanceId": "i-0abc", "instanceType": "m7g.large", "region": "eu-west-1"}'
    answers = {"PUT /latest/api/token": b"TOKEN", "GET /latest/dynamic/instance-identity/document": document}
    with _metadata_service(answers) as (address, asked):
        instance = metadata.ask("aws", address)
    assert instance == Instance("aws", "123", "i-0abc", "m7g.large", "eu-west-1", "", "")
    assert instance.key == "aws/123/i-0abc"
    assert "X-aws-ec2-metadata-token: TOKEN" in asked[1]


def test_an_instance_of_hetzner() -> None:
    text = (
        b"availability-zone: nbg1-dc3\nhostname: web1\ninstance-id: 4711\nregion: eu-central\nvendor_data: |\n  a: b\n"
    )
    with _metadata_service({"GET /hetzner/v1/metadata": text}) as (address, _):
        assert metadata.ask("hetzner", address).key == "hetzner/4711"


@pytest.mark.parametrize(
    ("provider", "path", "answer", "instance", "header"),
    [
        (
            "gcp",
            "/computeMetadata/v1/?recursive=true",
            {
                "instance": {
                    "id": 3520031799277581759,
                    "name": "web-1",
                    "machineType": "projects/123/machineTypes/e2-medium",
                    "zone": "projects/123/zones/europe-west6-a",
                    "image": "projects/debian-cloud/global/images/debian-12-bookworm-v20240415",
                },
                "project": {"projectId": "shop-prod", "numericProjectId": 123},
            },
            Instance("gcp", "shop-prod", "3520031799277581759", "e2-medium", "europe-west6", "europe-west6-a",
                     "debian-12-bookworm-v20240415", "web-1"),
            "Metadata-Flavor: Google",
        ),
        (
            "azure",
            "/metadata/instance?api-version=2021-02-01",
            {
                "compute": {
                    "vmId": "02aab8a4-74ef-476e-8182-f6d2ba4166a6", "name": "web-1", "location": "westeurope",
                    "subscriptionId": "8d10da13-8125-4ba9-a717-bf7490507b3d", "vmSize": "Standard_A3", "zone": "1",
                    "sku": "12-gen2", "osType": "Linux", "storageProfile": {"dataDisks": []},
                },
                "network": {"interface": []},
            },
            Instance("azure", "8d10da13-8125-4ba9-a717-bf7490507b3d", "02aab8a4-74ef-476e-8182-f6d2ba4166a6",
                     "Standard_A3", "westeurope", "1", "12-gen2", "web-1"),
            "Metadata: true",
        ),
        (
            "openstack",
            "/openstack/latest/meta_data.json",
            {
                "uuid": "d8e02d56-2648-49a3-bf97-6be8f1204f38", "name": "web-1", "hostname": "web-1.novalocal",
                "availability_zone": "nova", "project_id": "f7ac731cc11f40efbc03a9f9e1d1d21f", "launch_index": 0,
            },
            Instance("openstack", "f7ac731cc11f40efbc03a9f9e1d1d21f", "d8e02d56-2648-49a3-bf97-6be8f1204f38", "", "",
                     "nova", "", "web-1"),
            "",
        ),
        (
            "digitalocean",
            "/metadata/v1.json",
            {"droplet_id": 2756294, "hostname": "web-1", "region": "ams3", "interfaces": {"public": []}},
            Instance("digitalocean", "", "2756294", "", "ams3", "", "", "web-1"),
            "",
        ),
    ],
)  # fmt: skip
def test_an_instance_of_the_other_clouds(
    provider: str, path: str, answer: dict[str, object], instance: Instance, header: str
) -> None:
    """Answers are made in the form that the providers document: none of them can be asked from here."""
    with _metadata_service({f"GET {path}": msgspec.json.encode(answer)}) as (address, asked):
        assert metadata.ask(provider, address) == instance
    assert header in asked[0]


def test_a_metadata_service_that_answers_nonsense_or_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "TOTAL_S", 0.2)
    with _metadata_service({"GET /metadata/v1.json": b"[]"}) as (address, _):
        with pytest.raises(CommandFailed, match="no JSON object"):
            metadata.ask("digitalocean", address)
        with pytest.raises(CommandFailed, match="404"):
            metadata.ask("azure", address)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises((CommandFailed, TimeoutError)):
        metadata.ask("gcp", silent.getsockname())


def _server(exe: str, port: int, address: str = "127.0.0.1") -> Program:
    process = Process(7, 1, 7, 0, 100, exe, (exe,), 4_000_000, "", f"/usr/bin/{exe}", None)
    listening = Socket("tcp", address, port, "0.0.0.0", 0, LISTEN, 0, 1, 4)
    return Program("unit", f"{exe}.service", exe, [process], None, [listening])


def test_whatever_one_database_says_the_others_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def nonsense(port: int, address: str) -> str:
        asked.append((port, address))
        return "used_memory:many"

    servers = [
        _server("postgres", 5432),
        _server("redis-server", 6379, "192.0.2.7"),
        _server("mysqld", 3306, "0.0.0.0"),
    ]
    monkeypatch.setattr(Shared, "programs", Programs(servers, {}, {}, ""))
    monkeypatch.setattr(database, "ask_redis", nonsense)
    look = Look(privileged=True)  # PostgreSQL's user is in no file of users
    assert [item.key for item in database.collect_databases(look)] == ["postgresql:5432", "redis:6379", "mysql:3306"]
    assert (len(look.notes), look.missed, asked) == (2, [], [(6379, "192.0.2.7")])


def test_a_database_that_is_too_busy_to_answer_keeps_what_it_told_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object) -> str:
        raise TimeoutError("timed out")

    monkeypatch.setattr(Shared, "programs", Programs([_server("redis-server", 6379)], {}, {}, ""))
    monkeypatch.setattr(database, "ask_redis", busy)
    look = Look()
    assert len(list(database.collect_databases(look))) == 1
    assert look.missed == ["what redis 6379 tells (timed out)"]  # so the section is partial, and takes nothing away
