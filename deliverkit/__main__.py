"""``python -m deliverkit``."""

from deliverkit.cli.main import main

main()
