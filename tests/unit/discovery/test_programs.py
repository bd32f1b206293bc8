"""Processes become the programs that people know, with keys that survive a restart."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile

import msgspec
import pytest

from agent.discovery import software
from agent.discovery.collector import Limits, Look, Shared
from agent.discovery.processes import Process, parse_cgroup, parse_stat, read_processes
from agent.discovery.programs import Program, Programs, group, holders, program_name
from agent.discovery.sockets import LISTEN, Socket
from agent.discovery.software import software_item


def _process(
    pid: int, command: str, *, parent: int = 1, cgroup: str = "/", tty: int = 0, exe: str = "", machine: str = ""
) -> Process:
    words = tuple(command.split(" "))
    return Process(pid, parent, pid, tty, pid * 100, words[0], words, 0, cgroup, exe or words[0], "net:[1]", machine)


def _listens(port: int) -> list[Socket]:
    return [Socket("tcp", "0.0.0.0", port, "0.0.0.0", 0, LISTEN, 0, port, 4)]


def _keys(programs: list[Program]) -> list[tuple[str, str]]:
    return [(program.key, program.name) for program in programs]


@pytest.mark.parametrize(
    ("command", "exe", "name"),
    [
        ("/usr/sbin/nginx -g daemon", "/usr/sbin/nginx", "nginx"),
        ("nginx: master process", "/usr/sbin/nginx", "nginx"),
        ("python3 /srv/shop/app.py --port 80", "/usr/bin/python3.11", "app.py"),
        ("python3 -m http.server 8000", "/usr/bin/python3.11", "http.server"),
        ("/venv/bin/python /venv/bin/watchdeck up", "/usr/bin/python3.11", "watchdeck"),
        ("python3 -c import_x", "/usr/bin/python3.11", "python3.11"),
        ("java -Xmx1g -jar /opt/shop-1.4.2.jar", "/usr/lib/jvm/bin/java", "shop"),
        ("java -cp /opt/lib org.apache.Kafka x", "/usr/lib/jvm/bin/java", "Kafka"),
        ("node /srv/server.js", "/usr/bin/node", "server.js"),
    ],
)
def test_what_people_call_a_program(command: str, exe: str, name: str) -> None:
    assert program_name(_process(7, command, exe=exe)) == name


@pytest.mark.parametrize(
    ("cgroup", "key", "kind"),
    [
        ("/system.slice/nginx.service", "nginx.service", "unit"),
        ("/system.slice/system-postgresql.slice/postgresql@15-main.service", "postgresql@15-main.service", "unit"),
        (
            "/user.slice/user-1000.slice/user@1000.service/app.slice/syncthing.service",
            "user@1000/syncthing.service",
            "unit",
        ),
        ("/system.slice/docker-" + "ab" * 32 + ".scope", "container/abababababab", "container"),
        ("/docker/" + "cd" * 32, "container/shop/web", "container"),
        ("/machine.slice/libpod-" + "ef" * 32 + ".scope/container", "container/efefefefefef", "container"),
        (
            "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" + "12" * 32 + ".scope",
            "container/121212121212",
            "container",
        ),
        ("/lxc.payload.mail/system.slice/postfix.service", "container/mail", "container"),
    ],
)
def test_units_and_containers_by_their_cgroup(cgroup: str, key: str, kind: str) -> None:
    programs = group([_process(7, "/usr/bin/x", cgroup=cgroup)], {}, containers={"cdcdcdcdcdcd": "shop/web"})
    assert [(program.key, program.kind) for program in programs] == [(key, kind)]


def test_a_machine_inside_this_one_is_one_program() -> None:
    inside = [
        _process(50, "/lib/systemd/systemd", cgroup="/init.scope", machine="web1"),
        _process(51, "/usr/sbin/nginx", cgroup="/system.slice/nginx.service", machine="web1", parent=50),
    ]
    assert _keys(group(inside, {51: _listens(80)})) == [("container/web1", "systemd")]


def test_a_container_without_a_control_group_is_known_by_its_host_name() -> None:
    inside = _process(50, "/bin/httpd -f", machine="cdcdcdcdcdcd")
    assert [program.key for program in group([inside], {}, containers={"cdcdcdcdcdcd": "shop/web"})] == [
        "container/shop/web"
    ]


def test_what_runs_in_a_container_is_from_no_package_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: set[str] = set()

    def owners(paths: set[str]) -> dict[str, tuple[str, str]]:
        asked.update(paths)
        return {}

    monkeypatch.setattr(software, "owners_of_files", owners)
    inside, outside = _process(50, "/bin/busybox", machine="web1"), _process(51, "/usr/sbin/cron")
    look = Look(Limits(), Shared())
    found = Programs(group([inside, outside], {}), {}, {}, "net:[1]")
    monkeypatch.setattr(Shared, "programs", found)
    items = {item.key: item for item in software.collect_software(look)}
    assert set(items) == {"container/web1", "cron"}
    assert "/bin/busybox" not in asked
    assert "package" not in items["container/web1"].attributes


@pytest.mark.slow
def test_an_executable_whose_name_is_no_text_can_be_remembered_until_the_next_scan() -> None:
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(os.fsencode(folder), b"serv\xe9")  # noqa: PTH118 - a Path would be text
        shutil.copy(b"/bin/sleep", program)
        with subprocess.Popen([program, "60"]) as process:
            try:
                (found,) = [one for one in read_processes() if one.pid == process.pid]
            finally:
                process.kill()
    assert found.exe is not None
    assert found.exe.endswith("/serv\ufffd")
    assert msgspec.msgpack.encode({"packages": {found.exe: None}})


def test_a_server_and_its_workers_are_one_program_named_by_its_lowest_chosen_port() -> None:
    processes = [_process(10, "/usr/sbin/nginx"), _process(11, "/usr/sbin/nginx", parent=10)]
    listening = {10: _listens(443) + _listens(80) + _listens(40000), 11: _listens(443)}
    (program,) = group(processes, listening)
    assert (program.key, program.name, len(program.processes), program.main.pid) == ("nginx:80", "nginx", 2, 10)


def test_two_servers_of_one_program_are_two() -> None:
    processes = [_process(pid, "python3 -m http.server", tty=1, exe="/usr/bin/python3") for pid in (20, 21)]
    assert [program.key for program in group(processes, {20: _listens(8000), 21: _listens(8001)})] == [
        "http.server:8000", "http.server:8001",
    ]  # fmt: skip


def test_commands_shells_and_kernel_chosen_ports() -> None:
    processes = [
        _process(30, "/bin/bash"),
        _process(31, "/usr/bin/sleep 5", parent=30),
        _process(32, "/usr/bin/vim", tty=1),
        _process(33, "/usr/sbin/cron"),
        _process(34, "/usr/bin/worker", parent=30),
        _process(35, "python3 -m http.server 0", parent=30, exe="/usr/bin/python3"),
    ]
    found = group(processes, {35: _listens(45678)}, connected=frozenset({34}))
    assert [program.key for program in found] == ["cron", "http.server", "worker"]


def test_who_holds_a_socket() -> None:
    parents = {47: 1, 60: 47, 61: 60, 80: 1}
    assert holders([47, 60, 61], parents) == [47]  # children merely inherited it
    assert holders([1, 47], parents) == [47]  # init passed it on
    assert holders([1], parents) == [1]
    assert holders([47, 80], parents) == [47, 80]


def test_a_process_may_call_itself_anything() -> None:
    stat = parse_stat(
        "43 (a) S (b) S 1 43 42 7 -1 4194368 27 0 0 0 5 6 0 0 20 0 1 0 254029 10690560 428 18446744073709551615"
    )
    assert (stat.name, stat.parent, stat.session, stat.terminal, stat.cpu_ticks, stat.start) == (
        "a) S (b",
        1,
        42,
        7,
        11,
        254029,
    )


def test_cgroups_of_both_versions() -> None:
    assert parse_cgroup("0::/system.slice/a.service\n") == "/system.slice/a.service"
    assert (
        parse_cgroup("9:name=systemd:/system.slice/nginx.service\n4:memory:/x\n0::/\n") == "/system.slice/nginx.service"
    )


def test_software_with_its_package_and_endpoints() -> None:
    process = _process(7, "/usr/sbin/nginx --password=x", cgroup="/system.slice/nginx.service")
    (program,) = group([process], {})
    item = software_item(program, ["tcp/[::]:80", "tcp/0.0.0.0:80"], ("dpkg/nginx:amd64", "1.22.1"))
    assert item.attributes["command"] == "/usr/sbin/nginx --password=***"
    assert (item.attributes["user"], item.attributes["version"]) == ("root", "1.22.1")
    assert item.relations == (
        ("runs_on", "host", "host"), ("part_of", "unit", "nginx.service"), ("uses", "package", "dpkg/nginx:amd64"),
        ("listens_on", "endpoint", "tcp/0.0.0.0:80"), ("listens_on", "endpoint", "tcp/[::]:80"),
    )  # fmt: skip
