"""Take what a letter refers, through the same door as everything else, and say what became of it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from services.intake.imports.domain.header import plain
from services.intake.imports.mapping import Mapping
from services.intake.imports.reading import open_table
from services.intake.imports.unreadable import UnreadableFile
from services.intake.mailbox import store
from services.intake.mailbox.domain.answer import Account, Part, Told, write_answer
from services.intake.mailbox.domain.letter import FOR_A_HUMAN, Letter, Outcome
from services.intake.mailbox.domain.typed_fields import Typed, read_typed_fields
from services.intake.mailbox.schema import NotALetterError, read_letter
from services.intake.receive_referrals import receive_referrals
from shared.contracts import LetterKept
from shared.identity import LETTER
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping as Cells
    from collections.abc import Sequence

    from services.intake.imports.mapping import MappedRow
    from shared.directory import Directory
    from shared.messaging.unit import Unit

FORM = "practitioner_form"
REST = "Anything else"
# More than anybody types or attaches; a whole register goes to the imports, where it shows its progress.
_MOST_ROWS = 200
_NOTHING_FOUND = (
    "No referral was found in it. Attach the form, filled in, as XLSX or CSV; or type a line for each thing, "
    "such as 'What happened: …', with the words of the form before the colon."
)
_TOO_MANY = (
    f"There are more than {_MOST_ROWS} rows in what was attached. Send long lists as an import instead."
)
_ODD_LINE = (
    "Line {number} looks like a field, but the form has no such field. It was kept with the line above."
)
_UNKNOWN_SENDER = (
    "Referrals by mail are taken only from addresses that are agreed with the agency. Use the form on the "
    "page below, or ask for your address to be added."
)
_NOT_VOUCHED = (
    "It could not be made sure that this came from your address. Use the form on the page below, or ask "
    "whoever looks after your mail."
)


@dataclass(frozen=True)
class Desk:
    """What letters are read with."""

    directory: Directory
    form: Mapping
    vouched_by: str
    help_at: str


def take_letter(raw: bytes, unit: Unit, desk: Desk) -> Outcome | None:
    """What became of the letter; None if it was dealt with before."""
    try:
        letter = read_letter(raw, vouched_by=desk.vouched_by)
    except NotALetterError:
        letter = None
    reference = unit.new_reference(LETTER)
    letter_id = store.begin_letter(
        unit, unit.keys.lookup.hash("letter", _fingerprint(raw, letter)), reference
    )
    if letter_id is None:
        return None
    account, agency = Account(), None
    outcome: Outcome = "damaged"
    if letter is not None and letter.is_automatic:
        outcome = "automatic"
    elif letter is not None:
        agency = desk.directory.agency_at(letter.sender)
        if agency is None or not letter.vouched:
            outcome = "unknown_sender"
            account.troubles.append(_UNKNOWN_SENDER if agency is None else _NOT_VOUCHED)
        else:
            outcome = _take(letter, agency, unit, desk, account)
    for_a_human = outcome in FOR_A_HUMAN
    kept = raw if for_a_human or outcome == "automatic" else None
    store.end_letter(unit, letter_id, outcome, agency, len(account.taken), kept)
    if letter is not None and letter.sender and outcome != "automatic":
        subject, text = write_answer(account, help_at=desk.help_at)
        store.answer(unit, letter_id, store.Answer(letter.sender, letter.message_id, subject, text))
    if for_a_human:
        unit.say(LetterKept(letter=reference, kept_at=unit.now))
    return outcome


def _take(letter: Letter, agency: str, unit: Unit, desk: Desk, account: Account) -> Outcome:
    places, rows = _rows_of(letter, unit, desk, account)
    good = [index for index, row in enumerate(rows) if not row.faults]
    bodies = [_with_referrer(rows[index].body, letter.sender, agency, desk) for index in good]
    taken = dict(
        zip(
            good,
            receive_referrals(
                bodies,
                agency,
                unit,
                self_referral=desk.directory.agencies[agency].self_referral,
                in_bulk=False,
            ),
            strict=True,
        )
    )
    for index, (place, row) in enumerate(zip(places, rows, strict=True)):
        became = taken.get(index)
        if became is None:
            account.parts.append(Part(place, faults=[Told(f.column, f.detail) for f in row.faults]))
        elif isinstance(became, Problem):
            told = row.tell(became.errors) if became.errors else ()
            faults = [Told(fault.column, fault.detail) for fault in told] or [Told("", became.detail)]
            account.parts.append(Part(place, faults=faults))
        else:
            warnings = [Told(row.column_for(one.pointer), one.detail) for one in became.kept.warnings]
            known = became.outcome == "repeat"
            account.parts.append(Part(place, became.kept.reference, known, warnings=warnings))
    if account.taken:
        return "in_part" if account.refused or account.troubles else "taken"
    return "not_understood"


def _rows_of(
    letter: Letter, unit: Unit, desk: Desk, account: Account
) -> tuple[list[str], Sequence[MappedRow]]:
    places: list[str] = []
    rows: list[MappedRow] = []
    for number, attachment in enumerate(letter.attachments, 1):
        before = f"Attachment {number}, " if len(letter.attachments) > 1 else ""
        try:
            with open_table(
                io.BytesIO(attachment.content), attachment.name, known=desk.form.columns
            ) as table:
                missing = desk.form.missing(table.columns)
                if missing:
                    account.troubles.append(f"{before}these columns are missing: {', '.join(missing)}.")
                    continue
                # What a column that nobody reads has lost is of no matter.
                unknown = desk.form.unknown(table.columns)
                for row in table.rows:
                    if len(rows) == _MOST_ROWS:
                        account.troubles.append(_TOO_MANY)
                        break
                    places.append(f"{before}row {row.number}".capitalize())
                    mapped = desk.form.read_row(row.cells, unit.now)
                    lost = tuple(fault for fault in row.faults if fault.column not in unknown)
                    rows.append(replace(mapped, faults=(*lost, *mapped.faults)))
        except UnreadableFile as problem:
            account.troubles.append(f"{before}{problem.detail}")
    typed = read_typed_fields(letter.text, {plain(column): column for column in desk.form.columns})
    if typed.fields and not rows:
        places.append("Your message")
        rows.append(desk.form.read_row(_with_rest(typed), unit.now))
        account.remarks += [_ODD_LINE.format(number=number) for number in typed.odd_lines]
    elif not rows and not account.troubles:
        account.troubles.append(_NOTHING_FOUND)
    return places, rows


def _with_rest(typed: Typed) -> dict[str, str]:
    """The fields, and what stood before the first of them with the rest: nothing that was typed is lost."""
    rest = [typed.before, typed.fields.get(REST, "")]
    return {**typed.fields, **({REST: "\n".join(filter(None, rest))} if any(rest) else {})}


def _with_referrer(body: Cells[str, Any], sender: str, agency: str, desk: Desk) -> dict[str, Any]:
    """Whoever sent the letter refers, where the form does not say otherwise."""
    told = body.get("referrer") or {}
    named = {"organisation": desk.directory.agencies[agency].name, "email": sender}
    return {**body, "referrer": named | told}


def _fingerprint(raw: bytes, letter: Letter | None) -> str:
    """A mail that is delivered twice has the same Message-ID; one without is known by all of it."""
    if letter is not None and letter.message_id and letter.sender:
        # The same id over other content is another letter: nothing must be lost to a careless mail program.
        return f"{letter.sender} {letter.message_id} {hashlib.sha256(_content(letter)).hexdigest()}"
    return hashlib.sha256(raw).hexdigest()


def _content(letter: Letter) -> bytes:
    parts = [letter.text.encode("utf-8", "surrogatepass"), *(one.content for one in letter.attachments)]
    return b"\0".join(parts)
