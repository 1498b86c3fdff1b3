"""The settings: files, environment and flags, and where each value comes from."""
