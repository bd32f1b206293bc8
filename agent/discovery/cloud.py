"""The cloud instance that this host is, as an item. Who is asked for it: `agent.discovery.instance`."""

from __future__ import annotations

from collections.abc import Iterable

from agent.discovery.collector import Look
from agent.discovery.instance import Instance
from agent.discovery.source import Unsupported
from agent.wire import Item


def instance_item(instance: Instance) -> Item:
    """The item of a cloud instance; its identity key is the host's strongest."""
    attributes = instance._asdict()
    del attributes["name"]
    return Item(
        class_="cloud_instance",
        key=instance.key,
        name=instance.name or instance.identity,
        attributes={name: value for name, value in attributes.items() if value},
        keys={"cloud": instance.key},
    )


def collect_cloud(look: Look) -> Iterable[Item]:
    """The instance that this host is."""
    instance = look.shared.instance
    if instance is None:
        raise Unsupported("nothing hints at a cloud")
    return [instance_item(instance)]
