"""An XLSX or ODS file is a zip archive: its directory is looked at before anything in it is unpacked."""

from __future__ import annotations

import io
import struct
import zipfile
from typing import IO, BinaryIO, Final, Self

from services.intake.imports.unreadable import (
    DAMAGED,
    MAX_FILE,
    PROTECTED,
    TOO_MUCH,
    UnreadableFile,
    too_large,
)

# A workbook has some dozens of members, with many pictures some hundreds.
MAX_MEMBERS: Final = 5_000
# The names of so many members take less than this.
MAX_DIRECTORY: Final = 2**20
# XML packs to a fifteenth of its size, sparse tables to a hundredth: as much as a file of MAX_FILE can hold.
MAX_UNPACKED: Final = 2**30
# Deflate packs nothing to less than a thousandth. A table packs to a hundredth at most.
MAX_RATIO: Final = 300
# Small members may be as empty as they like.
_RATIO_ABOVE: Final = 2**23

_END: Final = b"PK\x05\x06"
_END_RECORD: Final = struct.Struct("<4s4H2LH")
_LONGEST_COMMENT: Final = 2**16
_IN_ZIP64: Final = 2**32 - 1
_ENCRYPTED: Final = 0x1
# What spreadsheet programs use; the others need much memory to unpack.
_PACKED_BY: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)

_ODS: Final = b"application/vnd.oasis.opendocument.spreadsheet"


class Package:
    """The members of an archive that has proved harmless so far, found by name whatever its case."""

    def __init__(self, file: BinaryIO) -> None:
        _check_end(file)
        try:
            self._archive = zipfile.ZipFile(file)
        except zipfile.BadZipFile as wrong:
            raise UnreadableFile(DAMAGED) from wrong
        members = self._archive.infolist()
        if len(members) > MAX_MEMBERS or sum(member.file_size for member in members) > MAX_UNPACKED:
            raise UnreadableFile(TOO_MUCH)
        for member in members:
            if member.flag_bits & _ENCRYPTED:
                raise UnreadableFile(PROTECTED)
            if member.compress_type not in _PACKED_BY:
                raise UnreadableFile(
                    "The file is packed in a way that is not read. Open it, save it as XLSX, and send that."
                )
            if member.file_size > max(_RATIO_ABOVE, member.compress_size * MAX_RATIO):
                raise UnreadableFile(TOO_MUCH)
        # Bytes of the archive, as they are packed.
        self.worked = 0.0
        self._members = {member.filename.replace("\\", "/").lower(): member for member in members}

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._members

    def open(self, name: str) -> Member:
        """A member to be read as a stream; never more of it than the directory says."""
        member = self._members.get(name.lower())
        if member is None:
            raise UnreadableFile(DAMAGED)
        return Member(self, self._archive.open(member), member.compress_size / max(1, member.file_size))

    def start(self, name: str, length: int) -> bytes:
        """The first bytes of a member; none if it is not there."""
        if name not in self:
            return b""
        with self.open(name) as member:
            return member.read(length)

    def is_ods(self) -> bool:
        return self.start("mimetype", len(_ODS)) == _ODS and "content.xml" in self

    def refuse_what_is_no_workbook(self) -> None:
        """Say what the archive is when it is plain that it is no XLSX workbook."""
        kind = self.start("mimetype", 100)
        if "encrypted-package" in self:
            raise UnreadableFile(PROTECTED)
        if "xl/workbook.bin" in self:
            raise UnreadableFile("This is a binary workbook (XLSB). Open it, save it as XLSX, and send that.")
        if "word/document.xml" in self or kind.startswith(b"application/vnd.oasis.opendocument.text"):
            raise UnreadableFile(
                "This is a text document, not a spreadsheet. Copy its table into a spreadsheet, save it as "
                "XLSX, and send that."
            )
        if "_rels/.rels" not in self or "ppt/presentation.xml" in self:
            raise UnreadableFile(
                "This is a packed file with no spreadsheet at its top. Unpack it, and send the CSV, XLSX or "
                "ODS file in it by itself."
            )


class Member:
    """A part of the archive, unpacked as it is read; the archive counts how much has been worked off."""

    def __init__(self, package: Package, unpacked: IO[bytes], share: float) -> None:
        self._package = package
        self._unpacked = unpacked
        self._share = share

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_raised: object) -> None:
        self._unpacked.close()

    def read(self, length: int) -> bytes:
        """At most so many bytes; none at the end."""
        piece = self._unpacked.read(length)
        self._package.worked += len(piece) * self._share
        return piece


def _check_end(file: BinaryIO) -> None:
    """The record at the end of an archive says how large its directory is, before that is read."""
    size = file.seek(0, io.SEEK_END)
    if size > MAX_FILE:
        raise too_large()
    file.seek(max(0, size - _LONGEST_COMMENT - _END_RECORD.size))
    tail = file.read()
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < _END_RECORD.size:
        raise UnreadableFile(DAMAGED)
    directory = _END_RECORD.unpack_from(tail, found)[5]
    if MAX_DIRECTORY < directory < _IN_ZIP64:
        raise UnreadableFile(TOO_MUCH)
    file.seek(0)
