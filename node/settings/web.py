"""Settings of the status page."""

from node.settings.values import Port, Section, Token


class Web(Section):
    """The status page."""

    enabled: bool = True
    host: str = "127.0.0.1"
    port: Port = 8042
    token: Token | None = None  #: who sends it may give clinical variables; None: nobody may
