"""The three services of the Referral Hub and the front door to them."""
