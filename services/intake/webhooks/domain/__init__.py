"""The nouns of pushing: an endpoint, a delivery, a signature, and which addresses may be called."""
