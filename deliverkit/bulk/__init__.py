"""Audits of many domains: where they come from, how they run, what changed since last time."""
