"""What more than one service of the Referral Hub must agree on, and nothing else."""
