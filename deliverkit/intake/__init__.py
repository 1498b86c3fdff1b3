"""Bounces by the million: files in, records and figures out."""
