"""Views of what the core found: pure functions from an object to a string or to plain data."""
