"""What runs in production: containers, rights and settings, tried on real servers without Docker."""
