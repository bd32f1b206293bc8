"""Packages of every manager, each with its package URL."""

from __future__ import annotations

import pytest
from packageurl import PackageURL

from agent.discovery.dpkg import package_item, parse_status
from agent.discovery.language_packages import language_item, parse_apk, parse_metadata, parse_package_json
from agent.discovery.purl import purl
from agent.discovery.rpm import package_items, parse_packages
from tests.unit.discovery.recorded import recorded


def test_debian_packages() -> None:
    items = {
        item.key: item
        for item in (package_item(p, "debian", "12") for p in parse_status(recorded("dpkg/debian-12-status.txt")))
    }
    redis = items["dpkg/redis-server:amd64"]
    assert redis.attributes["source"] == "redis"
    assert redis.attributes["purl"] == "pkg:deb/debian/redis-server@5:7.0.15-1~deb12u7?arch=amd64&distro=debian-12"
    assert "status" not in redis.attributes
    assert items["dpkg/libssl3:amd64"].attributes["summary"] == "Secure Sockets Layer toolkit - shared libraries"


def test_a_package_that_only_left_its_configuration_is_gone() -> None:
    gone = "Package: a\nStatus: deinstall ok config-files\nVersion: 1\n"
    held = "Package: b\nStatus: hold ok installed\nVersion: 2\nArchitecture: all\n"
    (package,) = parse_status(f"{gone}\n{held}")
    assert package_item(package, "debian", "").attributes["status"] == "hold ok installed"


def test_rpm_packages_with_epoch_and_several_versions_of_one() -> None:
    items = {item.key: item for item in package_items(parse_packages(recorded("rpm/rpm-4.18.txt")), "fedora", "39")}
    assert items.keys() == {
        "rpm/hello:noarch", "rpm/epochal:noarch", "rpm/hello-kernel:noarch@6.1-2", "rpm/hello-kernel:noarch@6.2-1",
    }  # fmt: skip
    assert items["rpm/epochal:noarch"].attributes["version"] == "2:3.4^git1-5"
    assert items["rpm/epochal:noarch"].attributes["purl"] == (
        "pkg:rpm/fedora/epochal@3.4%5Egit1-5?arch=noarch&distro=fedora-39&epoch=2"
    )


def test_imported_signing_keys_are_no_packages() -> None:
    assert list(parse_packages("gpg-pubkey\t(none)\t613\t5a\t(none)\t(none)\t(none)\tgpg(x)\n")) == []


def test_alpine_packages() -> None:
    text = "C:Q1\nP:musl\nV:1.2.4-r2\nA:x86_64\nT:the musl c library\no:musl\nF:lib\nR:ld.so\n\nC:Q2\nP:broken\n"
    (item,) = parse_apk(text, "3.18")
    assert (item.key, item.attributes["purl"]) == (
        "apk/musl:x86_64",
        "pkg:apk/alpine/musl@1.2.4-r2?arch=x86_64&distro=alpine-3.18",
    )


def test_python_and_node_packages() -> None:
    python = parse_metadata(
        "Metadata-Version: 2.1\nName: Foo_Bar\nVersion: 1.0+x\nSummary: s\n\nName: not this\n", "/usr/local/lib"
    )
    node = parse_package_json(
        '{"name": "@scope/tool", "version": "2.0.0", "description": null}', "/usr/lib/node_modules"
    )
    assert python is not None
    assert node is not None
    assert language_item(python, "pip", several=False).attributes["purl"] == "pkg:pypi/foo-bar@1.0%2Bx"
    assert language_item(node, "npm", several=False).attributes["purl"] == "pkg:npm/%40scope/tool@2.0.0"
    assert language_item(node, "npm", several=True).key == "npm/@scope/tool@/usr/lib/node_modules"


@pytest.mark.parametrize("text", ["", "[]", "{", '{"name": "x"}', '{"version": "1"}'])
def test_what_names_no_package(text: str) -> None:
    assert parse_package_json(text, "") is None
    assert parse_metadata(text, "") is None


@pytest.mark.parametrize(
    ("type_", "namespace", "name", "version", "arch"),
    [
        ("deb", "debian", "g++-12", "4:12.2.0-14+deb12u1", "amd64"),
        ("deb", "debian", "bash", "5.2.15-2+b7~x", "amd64"),
        ("rpm", "fedora", "git", "2.43.0^1.gabc-1.fc39", "x86_64"),
        ("npm", "@scope", "tool", "1.0.0-rc.1+build.5", ""),
    ],
)
def test_package_urls_are_read_by_others_as_they_were_meant(
    type_: str, namespace: str, name: str, version: str, arch: str
) -> None:
    read = PackageURL.from_string(purl(type_, namespace, name, version, arch=arch))
    assert (read.type, read.namespace, read.name, read.version) == (type_, namespace, name, version)
    assert read.qualifiers == ({"arch": arch} if arch else {})


def test_a_package_url_escapes_what_would_be_read_as_a_part_of_it() -> None:
    assert purl("deb", "debian", "g++", "4:12?x#y@z/1") == "pkg:deb/debian/g%2B%2B@4:12%3Fx%23y%40z%2F1"
