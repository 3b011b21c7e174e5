"""The ways by which a message leaves: mail, GOV.UK Notify and webhooks, behind one small protocol."""
