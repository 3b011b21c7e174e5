"""Cases over HTTP and as pages."""
