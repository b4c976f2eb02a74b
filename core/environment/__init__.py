"""Where the settings come from, and what their values must look like."""
