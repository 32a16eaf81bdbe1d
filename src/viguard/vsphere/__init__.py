"""One connection to a vCenter or host: TLS, credentials, SOAP, session, bulk reads, rare calls."""
