"""Take what a letter refers, through the same door as everything else, and say what became of it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from services.intake.imports.domain.header import plain
from services.intake.imports.keep_dates import dated_bodies
from services.intake.imports.mapping import Mapping
from services.intake.imports.reading import SeveralTables, open_table
from services.intake.imports.unreadable import UnreadableFile
from services.intake.mailbox import store
from services.intake.mailbox.domain.answer import UNREAD, Account, Part, Told, write_answer
from services.intake.mailbox.domain.letter import (
    FOR_A_HUMAN,
    IN_VAIN_WITHIN,
    MOST_IN_VAIN,
    Letter,
    Outcome,
)
from services.intake.mailbox.domain.typed_fields import Typed, read_typed_fields
from services.intake.receive_referrals import receive_referrals
from shared.contracts import LetterKept
from shared.identity import LETTER
from shared.problems import Problem

if TYPE_CHECKING:
    from collections.abc import Mapping as Cells

    from services.intake.imports.mapping import MappedRow
    from services.intake.mailbox.domain.letter import Attachment, Contents
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
    "Line {number} looks like a field, but the form has no such field. It was kept with what else you wrote."
)
_BELOW_THE_END = (
    "Line {number} is a line of the form, but it stands below a signature or in an earlier message and was "
    "not read. If it belongs to this referral, move it up."
)
_IN_AN_EARLIER_ONE = (
    "Line {number} is a line of the form, but it stands in an earlier message, which is not read. Forward "
    "that message as an attachment, or send its lines by themselves."
)
_ODD_LETTERS = "Some letters could not be told for certain. Look at names with accents."
_BESIDE_THE_FORM = (
    "The lines of the form that are typed beside it were not taken. Put them into the form itself, or send "
    "them in a message of their own, with what happened."
)
_TEXT_BESIDE = (
    "What is written beside the form was not taken. What the team should know belongs into the form, under "
    f"'{REST}'."
)
_UNKNOWN_COLUMNS = (
    "There are columns that the form does not have; what stands in them was not taken. Look at their names."
)
_HIDDEN_ROWS = (
    "The spreadsheet hides rows, as a filter does, and they were taken all the same. Delete the rows that "
    "are not to be sent."
)
_SEVERAL_SHEETS = (
    "The workbook has several sheets with column names and rows. Delete those that are not meant."
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


@dataclass
class _Rows:
    """What a letter refers, row by row, and where in it each stands."""

    places: list[str] = field(default_factory=list)
    read: list[MappedRow] = field(default_factory=list)

    def add(self, place: str, row: MappedRow) -> None:
        self.places.append(place)
        self.read.append(row)


def take_letter(raw: bytes, letter: Letter | None, unit: Unit, desk: Desk) -> Outcome | None:
    """What became of these bytes, and of the letter in them if any; None if it was dealt with before."""
    reference = unit.new_reference(LETTER)
    fingerprint = unit.keys.lookup.hash("letter", _fingerprint(raw, letter))
    sender = unit.keys.lookup.hash("letter sender", letter.sender) if letter and letter.sender else None
    letter_id = store.begin_letter(unit, fingerprint, reference, sender)
    if letter_id is None:
        return None
    account, agency = Account(), None
    outcome: Outcome = "damaged"
    if letter is not None:
        agency = None if letter.writer == "report" else desk.directory.agency_at(letter.sender)
        outcome = _deal_with(letter, agency, unit, desk, account)
    for_a_human = outcome in FOR_A_HUMAN
    kept = raw if for_a_human or outcome == "automatic" else None
    store.end_letter(unit, letter_id, outcome, agency, len(account.taken), kept)
    if letter is not None and sender and letter.writer == "person" and _is_answered(account, sender, unit):
        subject, text = write_answer(account, help_at=desk.help_at)
        store.answer(unit, letter_id, store.Answer(letter.sender, letter.message_id, subject, text))
    if for_a_human:
        unit.say(LetterKept(letter=reference, kept_at=unit.now))
    return outcome


def _is_answered(account: Account, sender: bytes, unit: Unit) -> bool:
    if account.taken:
        return True
    return store.count_in_vain(unit, sender, unit.now - IN_VAIN_WITHIN) <= MOST_IN_VAIN


def leave_letter(name: str, unit: Unit) -> None:
    """A letter that cannot be read at all stays in the mailbox, where its folder Kept is; a human is told."""
    reference = unit.new_reference(LETTER)
    # A mailbox may use a name again, though not on the same day.
    told = unit.keys.lookup.hash("letter", f"left {name} {unit.now:%Y-%m-%d}")
    letter_id = store.begin_letter(unit, told, reference)
    if letter_id is not None:
        store.end_letter(unit, letter_id, "left", None, 0, None)
        unit.say(LetterKept(letter=reference, kept_at=unit.now))


def _deal_with(letter: Letter, agency: str | None, unit: Unit, desk: Desk, account: Account) -> Outcome:
    if letter.writer == "report":
        return "automatic"
    # What a machine sends is a referral as any other, but is nobody's business when there is nothing in it.
    empty = letter.writer == "machine" and not _holds_anything(letter, desk)
    if agency is None or not letter.vouched:
        account.troubles.append(_UNKNOWN_SENDER if agency is None else _NOT_VOUCHED)
        return "automatic" if empty else "unknown_sender"
    account.troubles += [UNREAD[what] for what in letter.contents.unread]
    outcome = _take(letter, agency, unit, desk, account)
    return "automatic" if empty else outcome


def _holds_anything(letter: Letter, desk: Desk) -> bool:
    contents = letter.contents
    return bool(contents.attachments or contents.unread) or any(
        _typed(text, desk).fields for text in contents.texts
    )


def _typed(text: str, desk: Desk) -> Typed:
    columns = {plain(column): column for column in desk.form.columns}
    return read_typed_fields(text, columns, desk.form.short_columns)


def _take(letter: Letter, agency: str, unit: Unit, desk: Desk, account: Account) -> Outcome:
    rows = _rows_of(letter, unit, desk, account)
    good = [index for index, row in enumerate(rows.read) if not row.faults]
    dated = dated_bodies([rows.read[index] for index in good], agency, unit)
    bodies = [_with_referrer(body, letter.sender, agency, desk) for body in dated]
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
    for index, (place, row) in enumerate(zip(rows.places, rows.read, strict=True)):
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


def _rows_of(letter: Letter, unit: Unit, desk: Desk, account: Account) -> _Rows:
    rows = _Rows()
    attachments = letter.contents.attachments
    for number, attachment in enumerate(attachments, 1):
        where = f"Attachment {number}" if len(attachments) > 1 else ""
        try:
            _add_table(attachment, where, unit, desk, account, rows)
        except SeveralTables:
            account.troubles.append(str(Told(where, _SEVERAL_SHEETS)))
        except UnreadableFile as problem:
            account.troubles.append(str(Told(where, problem.detail)))
    _add_typed(letter.contents, unit, desk, account, rows)
    if not rows.read and not account.troubles:
        account.troubles.append(_NOTHING_FOUND)
    return rows


def _add_table(
    attachment: Attachment, where: str, unit: Unit, desk: Desk, account: Account, rows: _Rows
) -> None:
    with open_table(io.BytesIO(attachment.content), attachment.name, known=desk.form.columns) as table:
        missing = desk.form.missing(table.columns)
        if missing:
            account.troubles.append(str(Told(where, f"These columns are missing: {', '.join(missing)}.")))
            return
        unknown = desk.form.unknown(table.columns)
        passed_over = hidden = False
        for row in table.rows:
            if len(rows.read) == _MOST_ROWS:
                account.troubles.append(_TOO_MANY)
                break
            mapped = desk.form.read_row(row.cells, unit.now)
            # What a column that nobody reads has lost is of no matter.
            lost = tuple(fault for fault in row.faults if fault.column not in unknown)
            place = f"{where}, row {row.number}" if where else f"Row {row.number}"
            rows.add(place, replace(mapped, faults=(*lost, *mapped.faults)))
            hidden = hidden or row.hidden
            passed_over = passed_over or any(row.cells.get(column, "").strip() for column in unknown)
        if passed_over:
            account.remarks.append(str(Told(where, _UNKNOWN_COLUMNS)))
        if hidden:
            account.remarks.append(str(Told(where, _HIDDEN_ROWS)))


def _add_typed(contents: Contents, unit: Unit, desk: Desk, account: Account, rows: _Rows) -> None:
    """What is typed is a referral if nothing else is, or if it is a whole one; else it is told of."""
    for number, text in enumerate(contents.texts):
        typed = _typed(text, desk)
        if typed.fields and not (rows.read and desk.form.missing(typed.fields)):
            place = f"Forwarded message {number}" if number else "Your message"
            rows.add(place, desk.form.read_row(_with_rest(typed), unit.now))
            account.remarks += [_ODD_LINE.format(number=line) for line in typed.odd_lines]
            if typed.left_out:
                account.remarks.append(_BELOW_THE_END.format(number=typed.left_out))
            if contents.odd_letters:
                account.remarks.append(_ODD_LETTERS)
        elif typed.fields:
            account.troubles.append(_BESIDE_THE_FORM)
        elif typed.left_out and not rows.read:
            account.troubles.append(_IN_AN_EARLIER_ONE.format(number=typed.left_out))
        elif typed.beside and rows.read:
            account.remarks.append(_TEXT_BESIDE)


def _with_rest(typed: Typed) -> dict[str, str]:
    """The fields, and what is written beside them with the rest: nothing that was typed is lost."""
    rest = [typed.beside, typed.fields.get(REST, "")]
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
        return f"{letter.sender} {letter.message_id} {letter.contents.fingerprint.hex()}"
    return hashlib.sha256(raw).hexdigest()
