"""The accounts page: a page in the browser, served by a process of its own while it is open."""
