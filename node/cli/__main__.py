"""`python -m node.cli`: the same as `lumbar-node`."""

from node.cli.main import main

main()
