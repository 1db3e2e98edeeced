"""Which open association carries which study: it may bring more of the one that it carried last."""

from typing import Self


class Carriers:
    """The open associations and the studies that they brought; used by one thread."""

    def __init__(self) -> None:
        self._carried: dict[int, list[str]] = {}

    def copy(self) -> Self:
        """Return an independent copy, to be kept once the transaction that changed it is committed."""
        other = type(self)()
        other._carried = {association: list(studies) for association, studies in self._carried.items()}
        return other

    def carry(self, association: int, study_instance_uid: str) -> None:
        """Note that an association brought an instance of a study."""
        studies = self._carried.setdefault(association, [])
        if study_instance_uid in studies:
            studies.remove(study_instance_uid)
        studies.append(study_instance_uid)

    def carried(self, association: int) -> tuple[str, ...]:
        """Return the studies that an association has brought."""
        return tuple(self._carried.get(association, ()))

    def end(self, association: int) -> list[str]:
        """Forget an association; return the studies it brought that no other one carries now."""
        studies = self._carried.pop(association, [])
        held = self.held()
        return [study for study in studies if study not in held]

    def held(self) -> set[str]:
        """Return the studies that open associations hold back."""
        return {studies[-1] for studies in self._carried.values()}
