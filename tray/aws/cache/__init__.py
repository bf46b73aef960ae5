"""The AWS CLI's cache files: SSO tokens and role credentials, as every SDK reads them."""
