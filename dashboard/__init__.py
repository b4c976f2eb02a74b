"""Browser instances and their statuses: the API, the pages, the stream."""
