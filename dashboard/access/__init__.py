"""Reading without a login: API keys for programs, share links for people."""
