"""How a request comes in and an answer goes out: the server and what holds for every address."""
