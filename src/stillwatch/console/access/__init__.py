"""Who gets into the console: logins, also those that another party vouches for."""
