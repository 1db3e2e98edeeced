from node.index.carriers import Carriers


def test_an_association_holds_the_study_it_carried_last() -> None:
    carriers = Carriers()
    carriers.carry(1, "a")
    carriers.carry(1, "b")
    carriers.carry(2, "c")
    assert carriers.held() == {"b", "c"}
    carriers.carry(1, "a")
    assert carriers.held() == {"a", "c"}


def test_its_end_frees_what_no_other_one_holds() -> None:
    carriers = Carriers()
    for association, study in ((1, "a"), (1, "b"), (1, "c"), (2, "a"), (3, "c"), (3, "d")):
        carriers.carry(association, study)
    assert carriers.end(1) == ["b", "c"]  # 2 holds a; 3 has moved on from c to d
    assert carriers.held() == {"a", "d"}


def test_an_association_that_brought_nothing_frees_nothing() -> None:
    assert Carriers().end(7) == []


def test_a_copy_is_independent() -> None:
    carriers = Carriers()
    carriers.carry(1, "a")
    copy = carriers.copy()
    copy.carry(1, "b")
    copy.end(1)
    assert carriers.held() == {"a"}
