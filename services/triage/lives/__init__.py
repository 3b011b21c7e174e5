"""Where each case stands, what was recorded in it, and what routing knew of it."""
