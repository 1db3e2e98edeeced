"""What free text says."""

import pytest
from pydicom.dataset import Dataset

from pipelines.selection import words
from pipelines.selection.words import Region


def region(text):
    ds = Dataset()
    ds.SeriesDescription = text
    return words.region_of_series(ds)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("T2 TSE SAG L-SPINE", Region.LUMBAR),
        ("t2_tse_sag_LWS", Region.LUMBAR),
        ("Rachis lombaire", Region.LUMBAR),
        ("LSPINE", Region.LUMBAR),
        ("Lendenwirbelsaeule", Region.LUMBAR),
        ("TLSPINE", Region.LUMBAR),
        ("ax t2 L4-S1", Region.LUMBAR),
        ("CT CAP WITH TRIPHASIC LIVER", Region.TRUNK),
        ("CT CH/AB/PEL", Region.TRUNK),
        ("PARTIALBODY", Region.TRUNK),
        ("Thorax/Abdomen", Region.TRUNK),
        ("LS SPINE", Region.LUMBAR),
        ("LSSP", Region.LUMBAR),
        ("TL-SPINE", Region.LUMBAR),
        ("MRLSPINE", Region.LUMBAR),
        ("CERVICALSPINE", Region.ELSEWHERE),
        ("falls, pulsp", Region.UNKNOWN),
        ("BODY", Region.UNKNOWN),
        ("WHOLE BODY", Region.TRUNK),
        ("body coil head", Region.ELSEWHERE),
        ("shoulder abduction", Region.ELSEWHERE),
        ("colonne cervicale", Region.ELSEWHERE),
        ("CT Head", Region.ELSEWHERE),
        ("Schädel nativ", Region.ELSEWHERE),
        ("C-SPINE", Region.ELSEWHERE),
        ("T SPINE SAG T2", Region.ELSEWHERE),
        ("KNEE LEFT", Region.ELSEWHERE),
        ("SPINE", Region.UNKNOWN),
        ("Darstellung", Region.UNKNOWN),
        ("incidental", Region.UNKNOWN),
        ("", Region.UNKNOWN),
    ],
)
def test_regions(text, expected):
    assert region(text) is expected
