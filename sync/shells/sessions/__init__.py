"""One socket each: the native protocol and the Yjs dialects."""
