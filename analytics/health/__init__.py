"""The health of the service: probes, metrics read at a scrape, and the doctor."""
