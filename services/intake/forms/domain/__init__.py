"""What forms are made of: questions, answers, and where somebody is among them."""
