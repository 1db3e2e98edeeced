"""Query/retrieve: what a case lacks is looked for at the site's PACS, and fetched (PS3.4 annex C, PS3.18)."""
