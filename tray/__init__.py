"""SSO Tray keeps a developer's AWS IAM Identity Center sessions alive from the system tray."""

__version__ = "0.2.0"
