"""All collectors of this agent, in the order of a report."""

from __future__ import annotations

from agent.discovery.account import collect_accounts
from agent.discovery.address import collect_addresses
from agent.discovery.collector import Collector
from agent.discovery.cpu import collect_cpus
from agent.discovery.disk import collect_disks
from agent.discovery.dpkg import collect_dpkg
from agent.discovery.endpoint import collect_endpoints
from agent.discovery.filesystem import collect_filesystems
from agent.discovery.host import collect_host
from agent.discovery.interface import collect_interfaces
from agent.discovery.memory import collect_memory
from agent.discovery.os_release import collect_os
from agent.discovery.rpm import collect_rpm
from agent.discovery.software import collect_software
from agent.discovery.unit import collect_units

ALL = (
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
    Collector("dpkg", collect_dpkg),
    Collector("rpm", collect_rpm),
    Collector("account", collect_accounts),
)
