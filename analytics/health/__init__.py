"""Whether the service works: probes, metrics read at a scrape, and the doctor."""
