"""Referrals that come by mail: the practitioner's form attached, or typed as `Field: value` lines."""
