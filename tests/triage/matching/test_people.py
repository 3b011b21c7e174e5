"""Who is one person: by all that their case tells of them, inside a case on less, and never both sides."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any

from services.triage.domain.matching.accounts import Mention
from services.triage.domain.matching.frequencies import Frequencies
from services.triage.domain.matching.group_people import group_people
from services.triage.domain.matching.judge_events import Judge
from services.triage.matching.read_model import read_model
from services.triage.matching.short_forms import canonicals
from tests.triage.matching.reading import JUDGE, read
from tests.triage.matching.test_guards import BORN, HOME, by_phone, somebody, told_of

if TYPE_CHECKING:
    from services.triage.domain.matching.accounts import Account

PARTY = dict[str, Any]
FABLE = {"given": "Fable", "family": "Figment"}
CASPIAN = {
    "role": "responsible",
    "name": {"given": "Caspian", "family": "Holloworth"},
    "date_of_birth": "1971-05-16",
}


def people_of(*cases: list[Account], judge: Judge = JUDGE) -> dict[str, int]:
    """The number of whoever is told of last in each account, by the account's record."""
    case_of = {account.reference: number for number, case in enumerate(cases) for account in case}
    accounts = sorted((account for case in cases for account in case), key=lambda one: one.reference)
    held = {
        (one.reference, other.reference): judge.events(one, other).people
        for one, other in combinations(accounts, 2)
    }
    groups = group_people(accounts, held, case_of, judge)
    return {reference: number for number, group in enumerate(groups) for reference, _ in sorted(group)}


def account(record: str, *who: PARTY, **changes: Any) -> Account:  # noqa: ANN401
    return read(told_of(*who, record=record, **changes), reference=record)


def one_person(*cases: list[Account], judge: Judge = JUDGE) -> bool:
    return len(set(people_of(*cases, judge=judge).values())) == 1


def where_people_are_called(given: dict[str, int], family: dict[str, int], people: int = 6000) -> Judge:
    """In a register of so many people, who have these names so often."""
    counted = Frequencies("1", accounts=people, people=people, given=given, family=family)
    return Judge(read_model(), counted, canonicals)


def turned(party: PARTY) -> PARTY:
    return party | {"role": "harmed" if party["role"] == "responsible" else "responsible"}


def test_what_two_accounts_of_a_case_tell_of_somebody_is_told_of_one() -> None:
    given = account("A", {"role": "harmed", "name": {"given": "Fable"}, "address": HOME})
    family = account("B", {"role": "harmed", "name": {"family": "Figment"}, "address": HOME})
    whole = account("C", somebody("Fable", date_of_birth=BORN))
    together = people_of([given, family], [whole])
    assert len(set(together.values())) == 1
    # A family name at an address is a household.
    assert len(set(people_of([family], [whole]).values())) == 2


def test_who_is_called_otherwise_in_one_account_of_a_case_has_the_birth_date_of_the_others() -> None:
    whole = account("A", {"role": "harmed", "name": FABLE, "date_of_birth": BORN})
    at_home = account("B", somebody("Fable"))
    called = account("C", somebody("Isolde", date_of_birth=BORN))
    assert one_person([whole, at_home, called])
    # Across cases they are twins.
    assert not one_person([whole, at_home], [called])
    assert not one_person([whole, at_home, account("C", somebody("Isolde", date_of_birth="1991-10-11"))])


def test_the_only_one_of_their_side_is_the_same_however_they_are_called() -> None:
    laura = account("A", somebody("Laura", date_of_birth=BORN))
    called = account("B", somebody("Minnow", date_of_birth=BORN, contacts=by_phone("07700 900123")))
    assert len(set(people_of([laura, called]).values())) == 1
    assert len(set(people_of([laura], [called]).values())) == 2


def test_whoever_is_named_beside_the_same_person_again_is_the_same() -> None:
    fable = somebody("Fable", date_of_birth=BORN, contacts=by_phone("07700 900123"))
    named = {"role": "responsible", "name": {"given": "Caspian", "family": "Holloworth"}}
    elsewhere = {"address": {"line1": "41 Imagined Close", "town": "Shildon", "postcode": "DL4 9ZE"}}
    other = somebody("Delphine", "Unwritten", date_of_birth="1975-07-30", **elsewhere)
    again = people_of([account("A", fable, named)], [account("B", fable, named)])
    assert len(set(again.values())) == 1
    # A name beside somebody else is a name.
    assert len(set(people_of([account("A", fable, named)], [account("B", other, named)]).values())) == 2
    his_own = named | {"contacts": by_phone("07700 900456")}
    another = named | {"contacts": by_phone("07700 900789")}
    assert len(set(people_of([account("A", fable, his_own)], [account("B", fable, another)]).values())) == 2


def called(*names: tuple[str, str]) -> list[Mention]:
    """Somebody of one home by these names, given and family, an account each."""
    named = [
        {key: word for key, word in zip(("given", "family"), name, strict=True) if word} for name in names
    ]
    return [read(told_of({"role": "harmed", "name": name, "address": HOME})).people[0] for name in named]


def test_of_two_names_that_contradict_no_half_counts() -> None:
    _, two = JUDGE.profiles(
        called(("Sadia", "Hussain"), ("Hussain", "Sadia")), called(("Adeel", "Hussain"), ("Hussain", "Adeel"))
    )
    assert (two.given, two.home) == ("none", "same")
    _, one = JUDGE.profiles(called(("Fable", ""), ("", "Figment")), called(("Fable", "Figment")))
    assert (one.given, one.family) == ("exact", "exact")
    # Who was called otherwise once, and by another family name, is still whom the others name.
    _, one = JUDGE.profiles(
        called(("Fable", "Figment"), ("Isolde", "Figment"), ("Fable", "Marvell")),
        called(("Fable", "Figment")),
    )
    assert (one.given, one.family) == ("exact", "exact")


def test_who_is_known_by_a_name_at_home_makes_known_who_is_named_beside_them() -> None:
    robert, rob = somebody("Robert", date_of_birth=BORN), somebody("Rob")
    named, misheard = (
        {"role": "responsible", "name": {"given": given, "family": "Holloworth"}}
        for given in ("Caspian", "Caspiam")
    )
    before, again = account("A", robert, named), account("B", rob, misheard)
    assert one_person([before], [again])
    # Where a son of the name is known there, it is neither, and so is whoever is named beside them.
    found = people_of([before], [again], [account("C", somebody("Robert", date_of_birth="2007-08-30"))])
    assert found["A"] != found["B"]


def test_a_family_name_beside_the_same_person_again_is_whoever_had_it_before() -> None:
    fable = somebody("Fable", date_of_birth=BORN, contacts=by_phone("07700 900123"))
    named = {"role": "responsible", "name": {"given": "Caspian", "family": "Holloworth"}}
    family = {"role": "responsible", "name": {"family": "Holloworth"}}
    before, again = account("A", fable, named), account("B", fable, family)
    assert one_person([before], [again])
    # Not beside somebody else, not who lives elsewhere, and not where brothers were named.
    delphine = somebody("Delphine", "Unwritten", date_of_birth="1975-07-30")
    assert not one_person([before], [account("B", delphine, family)])
    there = {"address": {"line1": "41 Imagined Close", "town": "Shildon", "postcode": "DL4 9ZE"}}
    here = {"address": HOME}
    assert not one_person([account("A", fable, named | there)], [account("B", fable, family | here)])
    # Nor beside a relative: that may be anybody of her family.
    daughter = somebody("Isolde", date_of_birth="2009-03-14")
    unnamed = {"role": "harmed", "name": {"family": "Figment"}}
    assert not one_person([account("A", fable, daughter)], [account("B", fable, unnamed)])
    brother = {"role": "responsible", "name": {"given": "Orlando", "family": "Holloworth"}}
    assert not one_person([account("A", fable, brother, named)], [again])


def test_a_whole_name_that_hardly_anybody_has_is_somebody_where_no_home_is_told() -> None:
    at_home = account("A", somebody("Fable", date_of_birth=BORN))
    named = account("B", {"role": "responsible", "name": FABLE})
    rare = where_people_are_called({}, {})
    assert one_person([at_home], [named], judge=rare)
    # A common name is a namesake's, and so is a rare one among so many people.
    common = where_people_are_called({"fable": 130}, {"figment": 28})
    assert not one_person([at_home], [named], judge=common)
    assert not one_person([at_home], [named], judge=where_people_are_called({}, {}, people=200_000))
    # Nor is it told which of two it is, nor who has another telephone.
    son = account("C", somebody("Fable", date_of_birth="2007-08-30"))
    found = people_of([at_home], [named], [son], judge=rare)
    assert len(set(found.values())) == 3
    reached = {"contacts": by_phone("07700 900123")}
    elsewhere = account("B", {"role": "responsible", "name": FABLE, "contacts": by_phone("07700 900789")})
    assert not one_person([account("A", somebody("Fable") | reached)], [elsewhere], judge=rare)


def test_a_whole_name_is_no_rarer_where_the_gender_is_told_beside_it() -> None:
    at_home, named = somebody("Fable", date_of_birth=BORN), {"role": "responsible", "name": FABLE}
    told = {"gender": "female"}
    for common in range(0, 200, 10):
        judge = where_people_are_called({"fable": common}, {"figment": 10})
        plain = one_person([account("A", at_home)], [account("B", named)], judge=judge)
        assert plain is one_person([account("A", at_home | told)], [account("B", named | told)], judge=judge)


def test_who_shares_name_home_and_telephone_across_the_sides_of_a_case_may_be_father_and_son() -> None:
    fable = somebody("Fable", contacts=by_phone("07700 900123"))
    assert not one_person([account("A", fable), account("B", turned(fable))])


def test_a_whole_name_with_its_birth_date_is_one_person_on_whichever_side_an_account_has_them() -> None:
    fable = somebody("Fable", date_of_birth=BORN)
    crossed = account("B", turned(fable))
    assert one_person([account("A", fable), crossed])
    # Where a third account has their name alone, it is still told of them.
    assert one_person([account("A", fable), crossed, account("C", somebody("Fable"))])
    # Her brother's name is only like hers, and so is a twin's.
    brother = somebody("Fabel", date_of_birth=BORN, gender="male")
    sister = fable | {"gender": "female"}
    assert not one_person([account("A", sister), account("B", turned(brother))])
    twin = somebody("Isolde", date_of_birth=BORN)
    assert not one_person([account("A", fable), account("B", turned(twin))])


def test_who_typed_each_side_into_the_others_box_told_of_the_same_two() -> None:
    fable = somebody("Fable", date_of_birth=BORN)
    straight, crossed = account("A", fable, CASPIAN), account("B", turned(fable), turned(CASPIAN))
    assert one_person([straight, crossed])
    # What only one of the two accounts has on the other side may be what happened.
    unborn = {"role": "responsible", "name": CASPIAN["name"]}
    delphine = somebody("Delphine", "Unwritten")
    assert not one_person([account("A", fable, unborn), account("B", delphine, turned(unborn))])


def test_in_a_dispute_each_calls_the_other_responsible_and_is_the_same() -> None:
    fable = somebody("Fable", date_of_birth=BORN)
    dispute = {"kind": "noise", "strand": "dispute"}
    one, other = account("A", CASPIAN, fable, **dispute), account("B", turned(fable), **dispute)
    assert one_person([one, other])


def test_a_name_at_a_home_is_whoever_of_that_name_is_known_there() -> None:
    robert = account("A", somebody("Robert", date_of_birth=BORN))
    rob = account("B", somebody("Rob"))
    son = account("C", somebody("Robert", date_of_birth="2007-08-30"))
    assert one_person([robert], [rob])
    found = people_of([robert], [rob], [son])
    assert len(set(found.values())) == 3
    # Nor is it told which of two of one case it is.
    both = account("D", somebody("Robin"), somebody("Robert", date_of_birth=BORN))
    assert len(set(people_of([both], [rob]).values())) == 2


def test_a_family_name_at_a_home_is_who_alone_of_it_was_responsible_before() -> None:
    fable = somebody("Fable", date_of_birth=BORN)
    figment = {"role": "harmed", "name": {"family": "Figment"}, "address": HOME}
    known, named = account("A", turned(fable)), account("B", turned(figment))
    assert one_person([known], [named])
    assert not one_person([account("A", fable)], [account("B", figment)])
    sister = account("C", turned(somebody("Delphine", date_of_birth="1991-10-11")))
    assert len(set(people_of([known], [named], [sister]).values())) == 3


def figment(title: str = "Ms", **more: Any) -> PARTY:  # noqa: ANN401
    return {"role": "harmed", "name": {"title": title, "family": "Figment"}, "address": HOME} | more


def test_a_title_with_a_family_name_at_a_home_is_who_alone_it_may_be_there() -> None:
    fable = somebody("Fable", date_of_birth=BORN, gender="female")
    known, named = account("A", fable), account("B", figment())
    assert one_person([known], [named])
    # A man of the household is nobody whom it may mean; a woman is, and so is whoever's gender is not told.
    man, woman, somebody_there = (
        account("C", somebody("Robin", date_of_birth="1991-10-11", **gender))
        for gender in ({"gender": "male"}, {"gender": "female"}, {})
    )
    found = people_of([known], [named], [man])
    assert found["A"] == found["B"] != found["C"]
    for another in (woman, somebody_there):
        assert len(set(people_of([known], [named], [another]).values())) == 3


def test_a_title_says_who_it_is_only_in_the_role_and_with_the_title_that_they_had() -> None:
    fable = somebody("Fable", date_of_birth=BORN, gender="female")
    known = account("A", fable | {"name": FABLE | {"title": "Ms"}})
    assert one_person([known], [account("B", figment("Ms"))])
    # Who harms somebody of a home is not whoever was harmed there before.
    assert not one_person([known], [account("B", turned(figment("Ms")))])
    # Two titles may be mother and daughter; `Dr` tells nothing of who it is.
    assert not one_person([known], [account("B", figment("Miss"))])
    assert not one_person([known], [account("B", figment("Dr"))])


def test_who_is_called_by_the_middle_name_at_home_is_the_same_in_the_same_role() -> None:
    named = {"given": "Caspian", "middle": "Adam", "family": "Figment"}
    whole = turned(somebody("Caspian")) | {"name": named}
    known, called_adam = account("A", whole), account("B", turned(somebody("Adam")))
    assert one_person([known], [called_adam])
    assert one_person([known, called_adam])
    # In another role it may be his father; a letter is anybody's.
    assert not one_person([known], [account("B", somebody("Adam"))])
    letter = whole | {"name": named | {"middle": "A"}}
    assert not one_person([account("A", letter)], [called_adam])


def test_in_one_case_two_slips_in_a_birth_date_are_slips() -> None:
    born = account("A", somebody("Stephen", date_of_birth="1978-04-28"))
    slipped = account("B", somebody("Steven", date_of_birth="1979-04-27"))
    assert one_person([born, slipped])
    assert not one_person([born], [slipped])
    # A generation is a father's and a son's, who may share all but two digits.
    assert not one_person([born, account("B", somebody("Steven", date_of_birth="1998-04-27"))])


def test_a_man_is_not_the_woman_of_his_home_though_one_has_the_name_of_both() -> None:
    in_one_box = account("A", somebody("Robin Figment", "", gender="male", date_of_birth=BORN))
    turned_round = account("B", somebody("Figment", "Isolde", gender="female"))
    assert not one_person([in_one_box, turned_round])
