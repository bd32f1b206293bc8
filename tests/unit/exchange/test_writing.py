"""What the record holds of a host, in the words of other tools; and that it comes back as it went."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime
from typing import Any

import msgspec
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from agent.wire import Item
from cmdb.exchange import ansible_inventory, cyclonedx, glpi_export, otel, table
from cmdb.exchange.hosts import host_documents
from tests.unit.discovery.recorded import recorded
from tests.unit.exchange.hosts import a_host, document, read_twice

FUSION = "exchange/fusioninventory-2.6.xml"
NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)


def test_a_glpi_inventory_comes_back_as_it_went() -> None:
    first, second = read_twice(recorded(FUSION))
    assert first == second


def test_our_own_host_as_a_glpi_inventory() -> None:
    written = glpi_export.write(a_host())
    content = written["content"]
    assert (written["deviceid"], written["itemtype"], written["action"]) == ("web1", "Computer", "inventory")
    assert content["hardware"] == {"name": "web1", "uuid": "u1", "memory": 8192, "vmsystem": "kvm"}
    assert content["networks"] == [
        {"description": "eth0", "mac": "aa:bb:cc:00:11:22", "mtu": 1500, "type": "ethernet", "status": "up",
         "ipaddress": "192.0.2.7", "ipmask": "255.255.255.0"},
    ]  # fmt: skip
    assert content["drives"] == [
        {"type": "/", "volumn": "/dev/vda", "filesystem": "ext4", "total": 10240, "free": 5120}
    ]
    assert content["softwares"] == [{"name": "nginx", "from": "deb", "version": "1.22", "arch": "amd64"}]
    assert content["versionclient"].startswith("Watchdeck-")


def test_a_bill_of_materials_of_a_host() -> None:
    bill = cyclonedx.write("web1", "device", [a_host()], NOON)
    assert (bill["specVersion"], bill["metadata"]["component"]["name"]) == ("1.6", "web1")
    by_name = {(one["type"], one["name"]): one for one in bill["components"]}
    assert by_name["library", "nginx"]["purl"] == "pkg:deb/debian/nginx@1.22?arch=amd64"
    assert by_name["operating-system", "Debian GNU/Linux 12"]["version"] == "12"
    assert bill["services"] == [
        {"bom-ref": "endpoint-tcp/0.0.0.0:80", "name": "tcp/0.0.0.0:80", "endpoints": ["http://web1.example.org:80"]}
    ]
    uses = {one["ref"]: one["dependsOn"] for one in bill["dependencies"]}
    assert uses["software-nginx.service"] == ["package-dpkg/nginx:amd64"]
    references = [
        bill["metadata"]["component"]["bom-ref"],
        *(one["bom-ref"] for one in bill["components"] + bill["services"]),
    ]
    assert len(references) == len(set(references))
    assert bill == cyclonedx.write("web1", "device", [a_host()], NOON)


def test_a_bill_of_materials_of_a_service_names_its_hosts() -> None:
    bill = cyclonedx.write("shop", "application", [a_host()], NOON)
    assert [one["name"] for one in bill["components"] if one["type"] == "device"] == ["web1"]


def test_a_bill_is_read_back_with_the_same_packages() -> None:
    (host,) = cyclonedx.read(json.dumps(cyclonedx.write("web1", "device", [a_host()], NOON)))
    assert "dpkg/nginx:amd64" in {item.key for item in host.items if item.class_ == "package"}


def _attributes(resource: dict[str, Any]) -> dict[str, Any]:
    return {one["key"]: next(iter(one["value"].values())) for one in resource["attributes"]}


def test_opentelemetry_resources_of_a_host_and_its_services() -> None:
    host, service = otel.write(a_host())["resources"]
    said = _attributes(host)
    assert (said["host.id"], said["host.name"], said["host.arch"], said["os.type"]) == ("m1", "web1", "amd64", "linux")
    assert said["host.mac"] == {"values": [{"stringValue": "AA-BB-CC-00-11-22"}]}
    assert (_attributes(service)["service.name"], _attributes(service)["service.version"]) == ("nginx", "1.22")


def test_an_ansible_inventory_groups_hosts_by_what_they_are_and_serve() -> None:
    inventory = ansible_inventory.write([a_host(), a_host(name="db1", keys={"machine_id": "m2"})])
    assert inventory["_meta"]["hostvars"]["web1.example.org"]["ansible_host"] == "192.0.2.7"
    assert inventory["os_debian_12"]["hosts"] == ["db1", "web1.example.org"]
    assert inventory["software_nginx"]["hosts"] == ["db1", "web1.example.org"]
    assert "software_cron" not in inventory


def test_two_hosts_of_one_name_are_two_in_an_inventory() -> None:
    hosts = [a_host(keys={"machine_id": "m1"}), a_host(keys={"machine_id": "m2"})]
    assert len(ansible_inventory.write(hosts)["all"]["hosts"]) == 2


def test_a_table_comes_back_as_it_went() -> None:
    written = table.write(
        [a_host(Item("software", "x", "=cmd|' /C calc'!A0", {"flag": True, "list": [1, "a"], "text": "007"}))]
    )
    rows = {row["key"]: row for row in csv.DictReader(io.StringIO(written))}
    assert rows["x"]["name"].startswith("'=")
    (host,) = table.read(written)
    back = next(item for item in host.items if item.key == "x")
    assert (back.name, back.attributes) == ("=cmd|' /C calc'!A0", {"flag": True, "list": [1, "a"], "text": "007"})
    assert host.host.keys["macs"] == ["aa:bb:cc:00:11:22"]


def test_what_a_person_set_is_exported_and_what_is_gone_is_not() -> None:
    host = document(Item("host", "host", "web1", {"vendor": "QEMU"}), "web1") | {"overrides": {"vendor": "Dell"}}
    gone = document(Item("package", "dpkg/x:all", "x"), "web1") | {"status": "missing"}
    documents = host_documents(host, [gone])
    assert documents.host["attributes"]["vendor"] == "Dell"
    assert documents.items == ()
    assert msgspec.json.encode(glpi_export.write(documents))


def test_bills_are_valid_in_the_strict_sense() -> None:
    address = {"transport": "tcp", "address": "::", "port": 443, "protocol": "https", "software": "nginx.service"}
    host = a_host(Item("endpoint", "tcp/[::]:443", "tcp/[::]:443", address), Item("container", "c0ffee", "web", {}))
    validator = JsonStrictValidator(SchemaVersion.V1_6)
    for name, kind in (("web1", "device"), ("shop", "application")):
        assert validator.validate_str(json.dumps(cyclonedx.write(name, kind, [host], NOON))) is None
