"""Who may do what at the forum: members under pseudonyms, their tokens and certificates, collections, quotas."""
