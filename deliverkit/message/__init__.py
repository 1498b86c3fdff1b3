"""A message as it lies in a file: its headers, its body, its parts, its links. Pure reading, bounded, never raising.

Nothing here asks DNS and nothing judges; the checks ``checks/message_*.py`` do that.
"""
