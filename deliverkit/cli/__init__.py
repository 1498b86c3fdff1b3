"""The command line: one file a command; ``output`` owns stdout, ``diagnostics`` owns stderr and exit codes."""
