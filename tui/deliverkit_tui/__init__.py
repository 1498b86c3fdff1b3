"""The interactive screen: what the core knows, with keys. Nothing below it imports it."""
