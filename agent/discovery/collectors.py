"""All collectors of this agent, in the order of a report (`sections.SECTIONS`), by what the platform has."""

from __future__ import annotations

import sys

from agent.discovery.collector import Collector


def on_linux() -> tuple[Collector, ...]:
    """One for every section."""
    from agent.discovery.account import collect_accounts  # noqa: PLC0415
    from agent.discovery.address import collect_addresses  # noqa: PLC0415
    from agent.discovery.certificate import collect_certificates  # noqa: PLC0415
    from agent.discovery.cloud import collect_cloud  # noqa: PLC0415
    from agent.discovery.connection import collect_connections  # noqa: PLC0415
    from agent.discovery.container import collect_containers  # noqa: PLC0415
    from agent.discovery.cpu import collect_cpus  # noqa: PLC0415
    from agent.discovery.database import collect_databases  # noqa: PLC0415
    from agent.discovery.disk import collect_disks  # noqa: PLC0415
    from agent.discovery.dpkg import collect_dpkg  # noqa: PLC0415
    from agent.discovery.endpoint import collect_endpoints  # noqa: PLC0415
    from agent.discovery.filesystem import collect_filesystems  # noqa: PLC0415
    from agent.discovery.host import collect_host  # noqa: PLC0415
    from agent.discovery.interface import collect_interfaces  # noqa: PLC0415
    from agent.discovery.kernel_module import collect_kernel_modules  # noqa: PLC0415
    from agent.discovery.language_packages import collect_apk, collect_npm, collect_pip  # noqa: PLC0415
    from agent.discovery.memory import collect_memory  # noqa: PLC0415
    from agent.discovery.os_release import collect_os  # noqa: PLC0415
    from agent.discovery.rpm import collect_rpm  # noqa: PLC0415
    from agent.discovery.software import collect_software  # noqa: PLC0415
    from agent.discovery.timer import collect_cron, collect_timers  # noqa: PLC0415
    from agent.discovery.unit import collect_units  # noqa: PLC0415
    from agent.discovery.virtual_machine import collect_virtual_machines  # noqa: PLC0415

    return (
        Collector("host", collect_host),
        Collector("os", collect_os),
        Collector("cpu", collect_cpus),
        Collector("memory", collect_memory),
        Collector("disk", collect_disks),
        Collector("filesystem", collect_filesystems),
        Collector("interface", collect_interfaces),
        Collector("address", collect_addresses),
        Collector("endpoint", collect_endpoints),
        Collector("software", collect_software),
        Collector("unit", collect_units),
        Collector("connection", collect_connections),
        Collector("timer", collect_timers),
        Collector("cron", collect_cron),
        Collector("dpkg", collect_dpkg),
        Collector("rpm", collect_rpm),
        Collector("apk", collect_apk),
        Collector("pip", collect_pip),
        Collector("npm", collect_npm),
        Collector("container", collect_containers),
        Collector("virtual_machine", collect_virtual_machines),
        Collector("certificate", collect_certificates),
        Collector("database", collect_databases),
        Collector("account", collect_accounts),
        Collector("kernel_module", collect_kernel_modules),
        Collector("cloud", collect_cloud),
    )


def elsewhere() -> tuple[Collector, ...]:
    """Those that psutil can answer."""
    from agent.discovery import portable  # noqa: PLC0415

    return (
        Collector("host", portable.collect_host),
        Collector("os", portable.collect_os),
        Collector("cpu", portable.collect_cpus),
        Collector("memory", portable.collect_memory),
        Collector("filesystem", portable.collect_filesystems),
        Collector("interface", portable.collect_interfaces),
        Collector("address", portable.collect_addresses),
        Collector("endpoint", portable.collect_endpoints),
        Collector("software", portable.collect_software),
    )


ALL = on_linux() if sys.platform.startswith("linux") else elsewhere()
