"""`python -m emq_audit.cli`."""

from emq_audit.cli import main

main()
