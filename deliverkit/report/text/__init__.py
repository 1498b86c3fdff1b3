"""Text for people: 80 columns, readable without colour, records and commands easy to copy."""
