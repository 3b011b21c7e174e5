"""Which local authority and police area a postcode or a property lies in."""
