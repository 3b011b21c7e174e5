"""How messages travel between the services, and what happens when the road breaks."""
