"""Containers, images and virtual machines, as their engines tell."""

from __future__ import annotations

import msgspec
import pytest

from agent.discovery import container_engine
from agent.discovery.container import container_item, image_item
from agent.discovery.container_engine import names_by_id, service_name
from agent.discovery.source import CommandFailed
from agent.discovery.unix_http import parse_answer
from agent.discovery.virtual_machine import machine_item, parse_domain
from tests.unit.discovery.recorded import recorded


def test_containers_and_their_image() -> None:
    (image,) = map(image_item, msgspec.json.decode(recorded("container/podman-4.3-images.json")))
    containers = map(container_item, msgspec.json.decode(recorded("container/podman-4.3-containers.json")))
    job, worker, web = containers
    assert [item.attributes["service"] for item in (job, worker, web)] == ["job", "shop/worker", "shop/web"]
    assert [item.metrics["state"] for item in (job, worker, web)] == ["exited", "running", "running"]
    assert web.attributes["command"] == "/bin/busybox httpd -f -p 8080"
    assert worker.attributes["command"] == "/bin/busybox sh -c sleep 1000 --token=***"
    assert web.attributes["ports"] == ["0.0.0.0:18080->8080/tcp"]
    assert (web.attributes["networks"], web.attributes["addresses"]) == (["back"], ["198.51.100.134"])
    assert web.attributes["mounts"] == ["/data", "/srv"]
    assert ("uses", "image", image.key) in web.relations
    assert image.name == "localhost/shop/web:1.2"


def test_containers_of_docker_itself() -> None:
    """One is known by two names, since another links to it; one is published over both families of addresses."""
    (image,) = map(image_item, msgspec.json.decode(recorded("container/docker-20.10-images.json")))
    job, legacy, old_db, web, db = map(
        container_item, msgspec.json.decode(recorded("container/docker-20.10-containers.json"))
    )
    assert [item.name for item in (job, legacy, old_db, web, db)] == [
        "job", "legacy", "old-db", "shop-web-1", "shop-db-1"
    ]  # fmt: skip
    assert [item.attributes["service"] for item in (old_db, web, db)] == ["old-db", "shop/web", "shop/db"]
    assert [item.metrics["state"] for item in (job, web)] == ["exited", "running"]
    assert legacy.attributes["command"] == "/bin/sh -c 'sleep 1000 --token=***"
    assert web.attributes["ports"] == ["0.0.0.0:18080->8080/tcp", "[::]:18080->8080/tcp"]
    assert (web.attributes["networks"], web.attributes["addresses"]) == (["back"], ["198.51.100.131"])
    assert ("uses", "image", image.key) in web.relations
    assert image.attributes["tags"] == ["registry.example.org/shop/web:1.2", "shop/web:1.2"]


def test_a_recreated_container_is_another_instance_of_the_same_service() -> None:
    labels = {"com.docker.compose.project": "shop", "com.docker.compose.service": "web"}
    first, second = ({"Id": digit * 64, "Names": [f"/shop-web-{digit}"], "Labels": labels} for digit in "ab")
    assert container_item(first).key != container_item(second).key
    assert service_name(first) == service_name(second) == "shop/web"
    scaled = {"Labels": {**labels, "com.docker.compose.container-number": "2"}}
    assert service_name(scaled) == "shop/web/2"


def test_ports_and_networks_of_a_container() -> None:
    item = container_item(
        {
            "Id": "c" * 64, "Names": ["/db"], "Labels": None, "Mounts": None,
            "Ports": [{"IP": "0.0.0.0", "PrivatePort": 5432, "PublicPort": 15432, "Type": "tcp"}, {"PrivatePort": 80}],
            "NetworkSettings": {"Networks": {"back": {"IPAddress": "172.18.0.3"}, "front": {}}},
        }
    )  # fmt: skip
    assert item.attributes["ports"] == ["0.0.0.0:15432->5432/tcp", "80/tcp"]
    assert item.attributes["networks"] == ["back", "front"]
    assert item.attributes["addresses"] == ["172.18.0.3"]


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.0 403 Forbidden\r\n\r\n[]", b"HTTP/1.0 200 OK\r\n\r\nnonsense"])
def test_an_engine_that_does_not_answer_well(answer: bytes) -> None:
    with pytest.raises(CommandFailed, match=r"docker\.sock answered"):
        parse_answer(answer, "docker.sock")


def test_an_engine_of_a_users_own_names_nobody_elses_containers_and_hides_none(monkeypatch: pytest.MonkeyPatch) -> None:
    system, mine = "/run/docker.sock", "/run/user/1000/podman/podman.sock"
    answers = {
        system: [{"Id": "a" * 64, "Names": ["/db"]}],
        mine: [{"Id": "a" * 64, "Names": ["/sshd"]}, {"Id": "b" * 64, "Names": ["/own"]}],
    }
    monkeypatch.setattr(container_engine, "get_json", lambda path, _target: answers[path])
    assert names_by_id([system, mine]) == {"a" * 12: "db", "b" * 12: "own"}
    answers[mine] = [7]  # type: ignore[list-item]
    assert names_by_id([system, mine]) == {"a" * 12: "db"}
    answers[system] = [7]  # type: ignore[list-item]
    with pytest.raises(AttributeError):  # renaming what it runs would be worse than to miss a scan
        names_by_id([system])


def test_a_domain_of_libvirt() -> None:
    text = recorded("virtual_machine/libvirt-9-test-domain.xml")
    domain = parse_domain(text)
    assert domain is not None
    item = machine_item(domain, running=True)
    assert item.keys == {
        "dmi_uuid": "6695eb01-f6a4-8304-79aa-97f2502e193f", "name": "test", "macs": ["aa:bb:cc:dd:ee:ff"],
    }  # fmt: skip
    assert (item.attributes["memory_bytes"], item.attributes["vcpus"]) == (8 << 30, 2)
    assert parse_domain(f"<domstatus state='running'>{text}</domstatus>") == domain


@pytest.mark.parametrize("text", ["", "<network/>", "<domain>", "<!DOCTYPE x><domain><uuid>1</uuid></domain>"])
def test_what_is_no_domain(text: str) -> None:
    assert parse_domain(text) is None
