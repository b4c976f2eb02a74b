"""The path of requests and answers: the server, and what applies to every address."""
