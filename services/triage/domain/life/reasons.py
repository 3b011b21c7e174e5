"""The codes by which a case pauses, ends, or was helped to its end (DOMAIN §2.4)."""

from __future__ import annotations

from typing import Final

HOLDS: Final = {
    "H-MORE-TIME": "They want more time; they are called back on the day that was promised.",
    "H-COURT-PENDING": "The court has not finished.",
    "H-ORDER-VARY": "An order that forbids contact is being varied.",
    "H-HEALTH": "Somebody is unwell.",
    "H-UNTRACED": "Somebody has not been found yet.",
    "H-SAFEGUARDING": "Safeguarding comes first.",
}

# Said only when somebody said it: silence is never refusal.
DECLINED: Final = {
    "C-HARMED-DECLINED": "The harmed person said no.",
    "C-RESP-DECLINED": "The responsible person said no.",
}
WITHDREW: Final = {
    "C-HARMED-WITHDREW": "The harmed person had agreed and no longer does.",
    "C-RESP-WITHDREW": "The responsible person had agreed and no longer does.",
}
STOPPED: Final = {
    "C-NO-ADMISSION": "Responsibility is not accepted.",
    "C-NOT-DETECTED": "Nobody was identified.",
    "C-UNSAFE": "It would not be safe.",
    "C-NOT-SUITABLE": "It would not be suitable.",
    "C-ORDER-FORBIDS": "An order forbids contact and was not varied.",
    "C-UNCONTACTABLE": "They could not be reached; that is not a no.",
    "C-OUT-OF-AREA": "It belongs to another area.",
    "C-DUPLICATE": "It is the same case as another.",
    "C-RESOLVED-OTHERWISE": "It was resolved in another way.",
    "C-SUPPORT-ONLY": "Support was what was needed.",
    "C-ENFORCEMENT": "It went to legal action.",
    "C-DECEASED-MOVED": "Somebody died or moved away.",
    "C-REFERRALS-WITHDRAWN": "Every referral was taken back.",
    "C-NOT-COMPLETED": "What was missing did not come.",
}
ACHIEVED: Final = {
    "C-CONFERENCE": "They met.",
    "C-SHUTTLE": "Messages were carried between them.",
    "C-LETTER": "A letter was written and read.",
    "C-RECORDED-VIDEO": "A recording was made and seen.",
    "C-MEDIATED-AGREEMENT": "They agreed, with a mediator.",
    "C-FAMILY-CIRCLE": "A family meeting or circle was held.",
}
ALONE: Final = {"C-ONE-SIDED-WORK": "Work was done with one side."}
OUTCOMES: Final = DECLINED | WITHDREW | STOPPED | ACHIEVED | ALONE

# What a practitioner did that made the end possible. The Hub's own list is not published (DOMAIN §10).
ENABLING: Final = {
    "listened": "Listened to what happened.",
    "explained": "Explained what a restorative approach is.",
    "safe_contact_found": "Found a safe way to be in contact.",
    "agencies_brought_together": "Brought agencies together.",
    "answers_carried": "Carried questions and answers.",
    "practical_help": "Helped with something practical.",
    "signposted": "Introduced them to another service.",
    "venue_found": "Found a place where they could meet.",
}
REFUSALS: Final = {
    "R-NOT-OURS": "It is not what we do.",
    "R-OUT-OF-AREA": "It is not our area.",
    "R-NO-CAPACITY": "We have nobody free.",
    "R-CONFLICT": "We know somebody in it.",
    "R-KNOWN-NOT-WANTED": "They told us that they do not want us.",
    "R-INFORMATION-MISSING": "Too little is known.",
    "R-SHARING-ENDED": "It is not agreed any more that another service is told.",
}
REOPENINGS: Final = {
    "O-ASKED-AGAIN": "Somebody came back and feels ready now.",
    "O-REFERRED-AGAIN": "Somebody has referred it again.",
    "O-NEW-HARM": "Something new has happened.",
    "O-CLOSED-IN-ERROR": "It should not have been closed.",
}
NOT_YET: Final = {
    "N-OUTCOME-UNCLEAR": "The outcome is not clear.",
    "N-FOLLOW-UP-DUE": "Follow-up is still due.",
    "N-SOMEBODY-WAITS": "Somebody still waits for an answer.",
}
MISSING: Final = ("consent_to_refer", "safe_contact", "area")
METHODS: Final = (
    "conference", "shuttle", "letter", "recorded", "live_video", "questions", "mediation", "family_meeting",
    "circle", "surrogate", "reparation",
)  # fmt: skip
DIRECT: Final = ("conference", "live_video", "mediation", "family_meeting", "circle", "surrogate")
