"""The forum: one application with TAXII, the live feed what members see of themselves, and the server."""
