"""`python -m heliograph`: the same as the `heliograph` command."""

from heliograph.cli import main

main()
