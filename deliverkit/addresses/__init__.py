"""A list of addresses: which can take mail, which are doubtful, which cannot. No mail server is ever connected to."""
