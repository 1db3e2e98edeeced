"""What can go wrong in the node.

* NodeError
  + ConfigurationError        wrong settings; the process refuses to start
  + StoreError                an instance could not be written or read
    - OutOfSpace              answered to the peer as 0xA700 (PS3.4 B.2.3)
    - InstanceConflict        same SOP Instance UID, different content
    - InvalidInstance         cannot be parsed, or its UIDs are missing or illegal (0xC000 / 0xA900)
  + RegistryError             a model of the site's own cannot be put to use
    - UnknownModel            there is none of this name and version
    - ModelRefused            it does not verify, or must not take another's place
  + IllegalTransition         a bug: the event has no meaning in that state
  + LeaseLost                 another worker has taken this job over
  + RetrievalError            a source cannot be reached or fails; tried again
  + NothingToAsk              a query would not find what a case lacks
  + DeliveryError             a destination refused or could not be reached
    - TransientDeliveryError  retried with backoff
    - PermanentDeliveryError  needs a person
"""


class NodeError(Exception):
    """Base of every error that the node raises on purpose."""


class ConfigurationError(NodeError):
    """A setting is missing or contradicts another one."""


class StoreError(NodeError):
    """An instance could not be written or read."""


class OutOfSpace(StoreError):  # noqa: N818 - DICOM's own word (Refused: Out of Resources)
    """The storage volume is full: Refused, Out of Resources (0xA700)."""


class InstanceConflict(StoreError):  # noqa: N818
    """An instance with this SOP Instance UID and other content is stored already."""


class InvalidInstance(StoreError):  # noqa: N818
    """The data set cannot be parsed, or identifies itself wrongly.

    Parameters
    ----------
    status : int
        The C-STORE status to answer (PS3.4 B.2.3): 0xA900 or 0xC000.
    message : str
        What is wrong.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class RegistryError(NodeError):
    """A model of the site's own cannot be put to use."""


class UnknownModel(RegistryError):  # noqa: N818
    """The site has no model of this name and version."""


class ModelRefused(RegistryError):  # noqa: N818
    """The model does not verify, lacks something, or must not take another's place."""


class IllegalTransition(NodeError):  # noqa: N818
    """The event has no meaning in the state that the study is in."""


class LeaseLost(NodeError):  # noqa: N818
    """The lease ran out and another worker has taken the job over."""


class RetrievalError(NodeError):
    """A source could not be reached, failed, or did not give everything: worth another attempt."""


class NothingToAsk(NodeError):  # noqa: N818
    """There is no point in asking a source: it would not find what the case lacks."""


class DeliveryError(NodeError):
    """A destination did not take the result objects."""


class TransientDeliveryError(DeliveryError):
    """Worth another attempt: no association, timeout, out of resources."""


class PermanentDeliveryError(DeliveryError):
    """Pointless to repeat: SOP class refused, dataset does not match."""
