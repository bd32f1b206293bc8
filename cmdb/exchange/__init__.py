"""Inventories of other tools in and out. Pure: text → hosts and their items, items → documents. Writes no record."""
