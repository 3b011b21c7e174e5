"""The whole hub, from a referral to the coordinator who has the case."""
