"""The icon: shapes and their drawing."""
