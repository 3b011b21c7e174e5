"""All services of the hub, in the order of a referral's way."""

from __future__ import annotations

from services.intake.service import INTAKE
from services.notify.service import NOTIFY
from services.triage.service import TRIAGE

SERVICES = {service.name: service for service in (INTAKE, TRIAGE, NOTIFY)}
