"""Widgets: one a file. They show what they are given and post what the user does; they never ask anything."""
