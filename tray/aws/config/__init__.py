"""The user's two AWS config files: read as botocore reads them, and edited byte by byte."""
