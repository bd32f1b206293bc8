"""Digests of a section and of an item: equal exactly when nothing but metrics differs. Order does not count."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

import msgspec

from agent.wire import Item

_ENCODER = msgspec.msgpack.Encoder(order="deterministic")


def digest_of(items: Iterable[Item]) -> str:
    """32 hexadecimal digits over the items without their metrics, by class and key."""
    hashed = hashlib.blake2b(digest_size=16)
    for item in sorted(items, key=lambda item: (item.class_, item.key)):
        hashed.update(_ENCODER.encode(_without_metrics(item)))
    return hashed.hexdigest()


def item_digest(item: Item) -> bytes:
    """8 bytes over the item without its metrics: to find out whether this one item changed."""
    return hashlib.blake2b(_ENCODER.encode(_without_metrics(item)), digest_size=8).digest()


def _without_metrics(item: Item) -> tuple[object, ...]:
    return (item.class_, item.key, item.name, item.attributes, item.keys, sorted(item.relations))
