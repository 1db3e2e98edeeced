"""What the status of a C-STORE (PS3.4 B.2.3, PS3.7 annex C) means for a delivery; STOW-RS has the same ones.

| status | meaning | verdict |
|---|---|---|
| 0000 | Success | delivered |
| 0001, 0107, 0116, Bxxx | Warning: stored | delivered |
| A9xx, 0122 | Data Set does not match SOP Class, SOP Class not supported | unsupported |
| Cxxx, `PERMANENT` | what no repetition will change | refused |
| any other | Out of Resources (A7xx), Processing Failure (0110) … | deferred |
"""

from node.delivery.objects import Confirmed, Receipt, Verdict

SUCCESS, CLASS_NOT_SUPPORTED = 0x0000, 0x0122
WARNINGS = frozenset({0x0001, 0x0107, 0x0116})
#: not authorised, unrecognised operation, invalid SOP instance and the like
PERMANENT = frozenset({0x0106, 0x0115, 0x0117, 0x0118, 0x0119, 0x0120, 0x0121, 0x0124, 0x0211})


def verdict(status: int) -> Verdict:
    """Judge a status; see the table above."""
    if status == SUCCESS or status in WARNINGS or status >> 12 == 0xB:
        return "delivered"
    if status >> 8 == 0xA9 or status == CLASS_NOT_SUPPORTED:
        return "unsupported"
    if status >> 12 == 0xC or status in PERMANENT:
        return "refused"
    return "deferred"


def receipt(delivery_id: int, status: int, comment: str | None = None, by: Confirmed = "c-store") -> Receipt:
    """Make the receipt of an object that a status was answered for; `comment` is the destination's own."""
    text = f"status 0x{status:04X}" + (f": {comment}" if comment else "")
    return Receipt(delivery_id, verdict(status), None if status == SUCCESS else text, by)
