"""Matching: what is read, how it is compared, and that the cases depend on nothing but the referrals."""
