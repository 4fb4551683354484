"""`python -m scratchnet` is the `scratchnet` command."""

from scratchnet.cli import main

main()
