"""Forms that people fill in: one question a page, and at the end a referral like any other."""
