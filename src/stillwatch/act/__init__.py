"""Each member decides by its own policy what is done with a request: explained, expiring, appealable, recorded."""
