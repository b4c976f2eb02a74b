"""PostgreSQL and Redis: connections, the replica, and how long a caller waits for them."""
