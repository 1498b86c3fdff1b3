"""The memory of addresses: what happened to each, and whether to go on mailing it."""
