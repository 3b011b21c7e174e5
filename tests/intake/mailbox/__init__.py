"""Referrals by mail."""
