"""Live statuses by server-sent events: workers publish them, the live process forwards them."""
