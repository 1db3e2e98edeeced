"""The site's own models: which there are, which of them the workers use, and how candidates compare.

Models are folders, <models_dir>/<name>/<version>; the database says which are active or shadows. The shipped
models need no entry: the one of a name is used as long as no model of the site's own is active under it.
"""
