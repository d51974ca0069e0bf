"""What scans have found, kept so that a second look costs only the new bytes.

It lies in the user's cache directory, off the log directories. Each of these has a store there, a
folder of packs; a pack holds an entry a file, and never changes once it has its name. `FileIndex`
scans files through a store; `packs` and `entries` are the formats, `cache` the directory.
"""
