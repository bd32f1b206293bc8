"""Inventories of other tools become the items that our own agent would report."""

from __future__ import annotations

import msgspec
import pytest

from agent.wire import Item
from cmdb.exchange import ansible_facts, cyclonedx, facter, glpi, osquery, table
from cmdb.exchange.imported import ImportedHost, Unreadable
from tests.unit.discovery.recorded import recorded


def _keys(host: ImportedHost, class_: str) -> set[str]:
    return {item.key for item in host.items if item.class_ == class_}


def _item(host: ImportedHost, class_: str, key: str) -> Item:
    return next(item for item in host.items if (item.class_, item.key) == (class_, key))


def _of_that_machine() -> dict[str, ImportedHost]:
    (of_facter,) = facter.read(recorded("exchange/facter-4.3.json"))
    (of_ansible,) = ansible_facts.read(recorded("exchange/ansible-core-2.19-setup.txt"))
    (of_fusion,) = glpi.read(recorded("exchange/fusioninventory-2.6.xml"))
    return {"facter": of_facter, "ansible": of_ansible, "fusioninventory": of_fusion}


def test_three_tools_that_saw_one_machine_say_the_same_in_our_words() -> None:
    hosts = _of_that_machine()
    assert {host.name for host in hosts.values()} == {"vm"}
    assert {tuple(host.host.keys["macs"]) for host in hosts.values()} == {("02:fc:00:00:00:01",)}
    for tool, host in hosts.items():
        assert {"eth0/192.0.2.2/24", "eth0/fd00::2/64"} <= _keys(host, "address"), tool
        assert {"eth0", "lo"} <= _keys(host, "interface"), tool
        assert _item(host, "os", "os").attributes["kernel"] == "6.18.44-fc-v669", tool
        assert _item(host, "os", "os").attributes["distribution"] == "debian", tool
        assert _item(host, "cpu", "0").name == "AMD EPYC", tool
        assert round(_item(host, "memory", "memory").attributes["size_bytes"] / 2**30) == 24, tool
        assert round(_item(host, "disk", "vda").attributes["size_bytes"] / 2**30) == 256, tool
    assert hosts["facter"].host.keys["ssh_host_key"] == hosts["ansible"].host.keys["ssh_host_key"]
    assert _item(hosts["ansible"], "filesystem", "/").attributes["size_bytes"] == 270553174016


def test_the_environment_and_what_passes_stay_out() -> None:
    content = {"envs": [{"key": "DB_PASSWORD", "val": "geheim"}], "hardware": {"name": "web1", "etime": 3}}
    document = {"deviceid": "web1", "itemtype": "Computer", "content": content}
    (host,) = glpi.read(msgspec.json.encode(document).decode())
    assert "geheim" not in str(host)
    assert "glpi_hardware" not in host.host.attributes


def test_packages_and_accounts_of_fusioninventory() -> None:
    host = _of_that_machine()["fusioninventory"]
    assert _keys(host, "package") == {f"dpkg/{name}:amd64" for name in ("openssl", "bash", "redis-server", "libssl3")}
    assert _item(host, "account", "root").attributes["home"] == "/root"
    assert "glpi_controllers" in host.host.attributes


GLPI = {
    "deviceid": "web1-2026",
    "itemtype": "Computer",
    "content": {
        "versionclient": "GLPI-Agent_v1.7",
        "hardware": {
            "name": "web1",
            "uuid": "0055ADC9-1D3A-E411-8043-B05D95113232",
            "memory": 7909,
            "lastloggeduser": "bob",
        },
        "bios": {"ssn": "8C554721F", "smanufacturer": "TOSHIBA", "smodel": "PORTEGE"},
        "networks": [
            {
                "description": "eth0",
                "mac": "00:11:22:33:44:55",
                "ipaddress": "192.0.2.7",
                "ipmask": "255.255.255.0",
                "status": "up",
            },
            {"description": "docker0", "mac": "02:42:00:00:00:01", "virtualdev": True},
        ],
        "softwares": [
            {"name": "nginx", "from": "deb", "arch": "amd64", "version": "1.22", "filesize": 99},
            {"name": "App", "guid": "{1}"},
        ],
        "virtualmachines": [{"name": "guest", "uuid": "c37f7ce8-af95-4676-b454-0959f2c5e162", "status": "running"}],
        "databases_services": [
            {"type": "postgresql", "name": "pg", "version": "15", "port": 5432, "databases": [{"name": "shop"}]}
        ],
        "monitors": [{"name": "PL2480H", "serial": "1118"}],
        "processes": [{"cmd": "x", "pid": 1, "user": "root"}],
    },
}


def test_a_glpi_inventory_loses_nothing_but_what_is_true_for_a_moment() -> None:
    (host,) = glpi.read(msgspec.json.encode(GLPI).decode())
    assert host.host.keys == {
        "name": "web1", "dmi_uuid": "0055ADC9-1D3A-E411-8043-B05D95113232", "serial": "8C554721F", "vendor": "TOSHIBA",
        "macs": ["00:11:22:33:44:55"],
    }  # fmt: skip
    assert _keys(host, "package") == {"dpkg/nginx:amd64", "glpi/App@{1}"}
    assert _item(host, "package", "dpkg/nginx:amd64").attributes["glpi"] == {"filesize": 99}
    assert _item(host, "database", "postgresql:5432").attributes["databases"] == ["shop"]
    assert _item(host, "virtual_machine", "c37f7ce8-af95-4676-b454-0959f2c5e162").metrics == {"state": "running"}
    assert host.host.attributes["glpi_monitors"] == [{"name": "PL2480H", "serial": "1118"}]
    said = msgspec.json.encode([host.host.attributes, *(item.attributes for item in host.items)]).decode()
    assert "bob" not in said
    assert "processes" not in said


def test_network_equipment_has_its_ports() -> None:
    switch = {
        "deviceid": "sw1", "itemtype": "NetworkEquipment",
        "content": {
            "versionclient": "x",
            "network_device": {"type": "Networking", "name": "sw1", "serial": "S1", "mac": "00:1b:21:00:00:01"},
            "network_ports": [{"ifname": "Gi0/1", "ifinbytes": 5, "ips": ["192.0.2.1"]}],
        },
    }  # fmt: skip
    (host,) = glpi.read(msgspec.json.encode(switch).decode())
    assert (host.name, host.host.attributes["item_type"], host.host.keys["serial"]) == ("sw1", "NetworkEquipment", "S1")
    assert _item(host, "interface", "Gi0/1").metrics == {"ifinbytes": 5}
    assert _keys(host, "address") == {"Gi0/1/192.0.2.1/32"}


def test_osquery_tables() -> None:
    tables = {
        "system_info": [
            {"hostname": "db1.example.org", "uuid": "u-1", "physical_memory": "8388608000", "cpu_brand": "X",
             "cpu_logical_cores": "8", "cpu_physical_cores": "4", "cpu_sockets": "2"},
        ],
        "os_version": [{"name": "Debian GNU/Linux", "version": "12 (bookworm)", "platform": "debian"}],
        "interface_details": [{"interface": "eth0", "mac": "00:11:22:33:44:55", "mtu": "1500"}],
        "interface_addresses": [
            {"interface": "eth0", "address": "192.0.2.5", "mask": "255.255.255.0"},
            {"interface": "lo", "address": "fe80::1%lo", "mask": "ffff:ffff:ffff:ffff::"},
        ],
        "listening_ports": [
            {"port": "5432", "protocol": "6", "address": "::", "pid": "7"},
            {"port": "0", "protocol": "0", "address": ""},
        ],
        "deb_packages": [{"name": "bash", "version": "5.2", "arch": "amd64"}],
        "users": [{"username": "root", "uid": "0", "shell": "/bin/bash", "directory": "/root"}],
    }  # fmt: skip
    (host,) = osquery.read(msgspec.json.encode(tables).decode())
    assert (host.name, host.host.keys["domain"]) == ("db1", "example.org")
    assert [(item.key, item.attributes["threads"]) for item in host.items if item.class_ == "cpu"] == [
        ("0", 4),
        ("1", 4),
    ]
    assert _keys(host, "address") == {"eth0/192.0.2.5/24", "lo/fe80::1/64"}
    assert _keys(host, "endpoint") == {"tcp/[::]:5432"}
    assert _keys(host, "package") == {"dpkg/bash:amd64"}
    assert _item(host, "os", "os").attributes["version"] == "12"


def test_a_bill_of_materials() -> None:
    bill = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "metadata": {"component": {"type": "device", "name": "web1"}},
        "components": [
            {"type": "operating-system", "name": "debian", "version": "12"},
            {"type": "library", "name": "openssl", "version": "3.0.11",
             "purl": "pkg:deb/debian/openssl@3.0.11?arch=amd64",
             "components": [{"type": "library", "group": "@scope", "name": "x", "purl": "pkg:npm/%40scope/x@1"}]},
            {"type": "library", "name": "mystery", "licenses": [{"license": {"id": "MIT"}}, {"expression": "A OR B"}]},
            {"type": "file", "name": "/etc/passwd"},
        ],
    }  # fmt: skip
    (host,) = cyclonedx.read(msgspec.json.encode(bill).decode())
    assert _keys(host, "package") == {"dpkg/openssl:amd64", "npm/@scope/x", "cyclonedx/mystery"}
    assert _item(host, "package", "cyclonedx/mystery").attributes["licences"] == ["MIT", "A OR B"]
    assert _item(host, "os", "os").name == "debian 12"


def test_a_table() -> None:
    text = (
        "class,host,key,name,key.serial,key.macs,owner,ports,asset\n"
        "host,,,web1,S1,aa:bb:cc:00:11:22,ops,,007\n"
        "software,web1,shop,Shop,,,'=evil,[80],true\n"
        "software,web2,x,,,,,,\n"
    )
    hosts = {host.name: host for host in table.read(text)}
    assert hosts["web1"].host.keys == {"name": "web1", "serial": "S1", "macs": ["aa:bb:cc:00:11:22"]}
    assert hosts["web1"].host.attributes == {"owner": "ops", "asset": "007"}
    assert _item(hosts["web1"], "software", "shop").attributes == {"owner": "=evil", "ports": [80], "asset": True}
    assert _keys(hosts["web2"], "software") == {"x"}


@pytest.mark.parametrize("read", [facter.read, ansible_facts.read, osquery.read, glpi.read, cyclonedx.read, table.read])
@pytest.mark.parametrize(
    "text",
    [
        "", "{", "[]", "null", "1", '{"content": 1}', "<xml", "<REQUEST/>", "<!DOCTYPE a><a/>", "a,b\n1,2\n",
        "[" * 100_000, '{"deviceid": "x", "content": []}', '{"bomFormat": "CycloneDX"}', '{"system_info": [1]}',
        "class,host,key\nsoftware,,\n",
    ],
)  # fmt: skip
def test_what_is_not_of_a_format_is_refused_with_the_reason(read: object, text: str) -> None:
    with pytest.raises(Unreadable, match=r".+: .+"):
        read(text)  # type: ignore[operator]


def test_hostile_values_leave_the_rest_whole() -> None:
    content = {
        "versionclient": "x",
        "hardware": {"name": "a\x1b[31m" + "n" * 10_000, "memory": -5, "uuid": ["x"]},
        "softwares": [1, None, {"name": "ok"}, {"version": "1"}],
        "drives": {"type": "/", "total": "many"},
    }
    (host,) = glpi.read(msgspec.json.encode({"deviceid": "d", "content": content}).decode())
    assert len(host.name) <= 512
    assert "\x1b" not in host.name
    assert _keys(host, "memory") == set()
    assert {"glpi/ok"} <= _keys(host, "package")
    assert _keys(host, "filesystem") == {"/"}
