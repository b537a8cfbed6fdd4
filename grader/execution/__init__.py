"""Execute rebuilt submissions: two processes each, several at a time, nothing bookkept here."""
