"""The node: receives, remembers, hands out work and delivers results."""

from node.light import import_without

import_without("structlog", hidden="rich")  # its coloured tracebacks take 6 MiB and are switched off
