"""What is read from the tenant, section by section. `collect` runs it all."""
