"""What free text says about a series. Asked last: people type it, and protocols copy it."""

import re
from enum import IntEnum

from pydicom.dataset import Dataset

from pipelines.dicom.attributes import item, text

SERIES_TEXTS = ("SeriesDescription", "ProtocolName")
STUDY_TEXTS = ("StudyDescription", "PerformedProcedureStepDescription", "RequestedProcedureDescription")


class Region(IntEnum):
    """Which part of the body, in rising order of fitness for the lumbar spine."""

    ELSEWHERE = 0
    UNKNOWN = 1
    TRUNK = 2
    LUMBAR = 3


LUMBAR = re.compile(
    r"lumb|lomba|lenden|\b((mr|c?t)-?)?l-?s?-?\s?sp(ine)?\b|\blws\b|\b(mr|c?t)?lspine|\bl1|\bl[2-5]\s?-\s?(l[3-5]|s1)"
)
TRUNK = re.compile(
    r"abd(?!uct)|\bab\b|pelv|\bpel\b|\bcap\b|(whole|full|total|partial)\s?body|\bliver|hepat|\bleber|trunk|torso"
    r"|renal|kidney|\bcolon\b|urogra|pancr|bauch|becken"
)
ELSEWHERE = re.compile(
    r"head|brain|skull|cerebr|crani|sch(ae|ä)del|kopf|\bt[eê]te|\biac\b|orbit|sinus|facial|pituit|\bdental"
    r"|\bjaw|\bear\b|\bneck|cervical|\bc-?\s?sp(ine)?\b|cspine|\bhws\b|thora|\bt-?\s?sp(ine)?\b|tspine|\bbws\b"
    r"|chest|\blung|\bheart|cardiac|coronary|breast|mamm|knee|\bknie|shoulder|schulter|elbow|wrist|\bhand"
    r"|\bfoot|\bfu(ss|ß)|ankle|\bleg\b|\barm\b|\bhip\b|femur|tibia|extremit|finger|\btoe"
)
SCOUT = re.compile(r"locali[sz]er|\bloc\b|scout|survey|surview|topogram|3.?plane|three.?plane|\bplan scan")
FAT_SUPPRESSED = re.compile(r"\bfs\b|fat.?sat|\bstir\b|\btirm\b|spair|\bspir\b|fat.?sup")
AGENT = re.compile(r"\bpost\b|\+\s?c\b|\bc\+|\bgad|\bgd\b|\bkm\b|\bce\b")
T1 = re.compile(r"(?<![a-z0-9])t1(?![0-9])")
T2 = re.compile(r"(?<![a-z0-9])t2(?![0-9*])|\bstir\b|\btirm\b")
DIXON_WATER = re.compile(r"\bwater\b(?!.?(ex|sat|sup))|dix\w*.*\bw\b|\bideal.*\bw\b")
DIXON_FAT = re.compile(r"\bfat\b(?!.?(sat|sup|frac))|dix\w*.*\bf\b|\bideal.*\bf\b")


def plain(words: str) -> str:
    """Lower the case and let underscores and the like separate words."""
    return re.sub(r"[_^/\\.,;:()\[\]]+", " ", words.lower())


def series_text(header: Dataset) -> str:
    """Return the description and the protocol name of a series."""
    return plain(" ".join(text(header, keyword) for keyword in SERIES_TEXTS))


def region_of_series(header: Dataset) -> Region:
    """Return the region that the series' own texts name."""
    return _region(series_text(header))


def region_of_study(header: Dataset) -> Region:
    """Return the region that the study's and the procedure step's texts name."""
    return _region(plain(" ".join(text(header, keyword) for keyword in STUDY_TEXTS)))


def region_of_body_part(header: Dataset) -> Region:
    """Return the region that Body Part Examined (0018,0015) or the Anatomic Region Sequence names."""
    shared = item(header, "SharedFunctionalGroupsSequence")
    anatomy = item(item(shared, "FrameAnatomySequence"), "AnatomicRegionSequence")
    coded = anatomy or item(header, "AnatomicRegionSequence")
    meaning = text(coded, "CodeMeaning") if coded is not None else ""
    return _region(plain(text(header, "BodyPartExamined")) or plain(meaning))


def _region(words: str) -> Region:
    for pattern, region in ((LUMBAR, Region.LUMBAR), (TRUNK, Region.TRUNK), (ELSEWHERE, Region.ELSEWHERE)):
        if pattern.search(words):
            return region
    return Region.UNKNOWN
